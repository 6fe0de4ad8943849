import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { traceWorkload } from './trace.ts';
import { readTraceFile } from './trace-file.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-bench-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function keysOf(path: string): Promise<string[]> {
  const workload = traceWorkload(await readTraceFile(path));
  const keys = Array.from({ length: workload.requests }, () => workload.next()!);
  expect(workload.next()).toBeUndefined();
  return keys;
}

const requests = ['b', 'a', 'b', 'ä key with spaces', 'a'];

describe('readTraceFile', () => {
  it.each([
    ['plain.txt', requests.join('\n')],
    ['unix.txt', `${requests.join('\n')}\n`],
    ['windows.txt', `${requests.join('\r\n')}\r\n\r\n`],
    ['zipped.txt.gz', gzipSync(requests.join('\n'))],
    ['zipped-without-the-name', gzipSync(requests.join('\n'))],
    ['zipped-in-parts.gz', Buffer.concat([gzipSync('b\na\nb\nä ke'), gzipSync('y with spaces\na\n')])],
  ])('reads %s', async (name, content) => {
    const path = await fileOf(name, content);
    expect(await keysOf(path)).toEqual(requests);
    expect((await readTraceFile(path)).name).toBe(name);
  });

  it('reads a trace of many chunks', async () => {
    const many = Array.from({ length: 50_000 }, (_, n) => `key-${(n * 7919) % 3001}`);
    const path = await fileOf('many.gz', gzipSync(many.join('\n')));
    expect(await keysOf(path)).toEqual(many);
    expect((await readTraceFile(path)).keys.length).toBe(3001);
  });

  it.each([
    ['empty.txt', '', 'there is no key in it'],
    ['empty.gz', '', 'there is no key in it'],
    ['empty-zipped.gz', gzipSync(''), 'there is no key in it'],
    ['blank.txt', '\n\n  \n', 'there is no key in it'],
    ['not-zipped.gz', 'a\nb\n', 'its name says .gz, but it is not gzipped'],
    ['cut.gz', gzipSync('a\nb\n'.repeat(1000)).subarray(0, 25), 'its gzip data ends too early'],
    ['damaged.gz', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]), 'its gzip data is damaged'],
    ['zeros.bin', Buffer.alloc(100), 'line 1 is not text'],
    ['latin.txt', Buffer.from([0x61, 0x0a, 0xe4, 0x0a]), 'line 2 is not text'],
    ['one-line.txt', 'x'.repeat(100_000), 'line 1 is longer than 4096 bytes'],
  ])('refuses %s in one line', async (name, content, reason) => {
    const failure = await readTraceFile(await fileOf(name, content)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'UsageError', message: expect.stringContaining(reason) });
    expect((failure as Error).message).not.toContain('\n');
  });

  it('refuses a folder, and what is not there', async () => {
    await expect(readTraceFile(folder)).rejects.toThrow('it is a folder');
    await expect(readTraceFile(join(folder, 'none'))).rejects.toThrow('there is no such file');
    await expect(readTraceFile(join(folder, 'plain.txt', 'none'))).rejects.toThrow('there is no such file');
  });
});
