import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DamageKind, StoreHarness } from '@larder/store-testkit';
import { FileStore } from './file-store.ts';

/** How the kit gets at a FileStore: each case has a folder of its own. */
export const fileStoreHarness: StoreHarness = {
  name: 'FileStore',
  prepare: async () => {
    const parent = await mkdtemp(join(tmpdir(), 'file-store-'));
    const folder = join(parent, 'cache');
    const notes = join(folder, 'notes.txt');
    const fileOf = (key: string) => join(folder, `${createHash('sha256').update(key).digest('hex')}.entry`);
    return {
      open: (options) => new FileStore(options?.sibling === true ? `${folder}2` : folder),
      damage: (key, kind, otherKey) => damage(fileOf(key), kind, fileOf(otherKey)),
      foreign: {
        plant: async () => {
          await mkdir(folder, { recursive: true });
          await writeFile(notes, 'not an entry');
        },
        isIntact: async () => (await readFile(notes, 'utf8')) === 'not an entry',
      },
      close: () => rm(parent, { recursive: true, force: true }),
    };
  },
};

async function damage(file: string, kind: DamageKind, otherFile: string): Promise<void> {
  const bytes = await readFile(file);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length - 3]! ^= 4;
  await rm(file);
  if (kind === 'garbage') await writeFile(file, randomBytes(100));
  if (kind === 'flipped') await writeFile(file, flipped);
  if (kind === 'truncated') await writeFile(file, bytes.subarray(0, bytes.length / 2));
  if (kind === 'empty') await writeFile(file, '');
  if (kind === 'foreign') await writeFile(file, '{"hello":"world"}');
  if (kind === 'mistyped') await mkdir(file);
  if (kind === 'swapped') await cp(otherFile, file);
}
