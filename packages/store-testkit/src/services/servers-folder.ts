import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** A folder that says so is looked for when there is no workspace. */
const PROJECT_FILES = ['pnpm-workspace.yaml', 'package.json'];

/**
 * Where fetched servers are kept: the folder that the variable `LARDER_SERVERS_DIR` names; else `.tools/servers` of the
 * workspace or package around the working directory; else, where that cannot be written, one of the user's under the
 * temporary folder. It exists when this resolves, and git ignores what is in it.
 */
export async function serversFolder(): Promise<string> {
  const named = process.env.LARDER_SERVERS_DIR;
  if (named) return made(resolve(named));
  const project = await projectFolder();
  const own =
    project === undefined ? undefined : await made(join(project, '.tools', 'servers')).catch(() => undefined);
  return own ?? made(join(tmpdir(), `larder-servers-${userInfo().username}`));
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await access(folder, constants.W_OK);
  await writeFile(join(folder, '.gitignore'), '*\n');
  return folder;
}

async function projectFolder(): Promise<string | undefined> {
  for (const file of PROJECT_FILES) {
    const folder = await nearestWith(file);
    if (folder !== undefined) return folder;
  }
  return undefined;
}

async function nearestWith(file: string): Promise<string | undefined> {
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    const found = await access(join(folder, file)).then(
      () => true,
      () => false,
    );
    if (found) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
