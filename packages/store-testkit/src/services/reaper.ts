import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Reads `+ <pid>` and `- <pid>`. Its input ends when the process that started it is gone, however that went: then it ends
 * what is still on the list, paused ones too, and removes the folder.
 */
const SCRIPT = `
pids=' '
while read -r change pid; do
  case $change in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
for pid in $pids; do kill -s KILL "$pid" 2>/dev/null; done
rm -rf -- "$1"
`;

/**
 * Ends the processes of this one, by id, when this one ends: at an exit, and, by a small shell that waits for it, also
 * after a crash, a signal or SIGKILL. Keeps the folder of their files, and removes it then.
 */
class Reaper {
  readonly #folder = mkdtempSync(join(tmpdir(), 'larder-services-'));
  readonly #pids = new Set<number>();
  readonly #shell: ChildProcess;
  #folders = 0;

  constructor() {
    // A session of its own: Ctrl-C, and a SIGKILL to the whole group, leave it to tidy up.
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'larder-reaper', this.#folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    });
    this.#shell.on('error', () => undefined);
    this.#shell.unref();
    const input = this.#shell.stdin as Socket;
    input.on('error', () => undefined);
    input.unref();
    process.on('exit', () => this.#atExit());
  }

  add(pid: number): void {
    this.#pids.add(pid);
    this.#tell(`+ ${pid}\n`);
  }

  remove(pid: number): void {
    if (this.#pids.delete(pid)) this.#tell(`- ${pid}\n`);
  }

  async newFolder(name: string): Promise<string> {
    const folder = join(this.#folder, `${name}-${++this.#folders}`);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  #tell(line: string): void {
    if (this.#shell.stdin?.writable) this.#shell.stdin.write(line);
  }

  #atExit(): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

let reaper: Reaper | undefined;

/** The one of this process, made at its first use. */
export function theReaper(): Reaper {
  reaper ??= new Reaper();
  return reaper;
}
