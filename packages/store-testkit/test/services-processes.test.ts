import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CacheErrorCode } from '@larder/cache-core';
import { WorkerProcess, waitFor } from '@larder/store-testkit/services';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleModule } from '../../../scripts/bundle-module.ts';
import type { ServerOwner } from './server-owner.ts';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const workers: WorkerProcess<ServerOwner>[] = [];
let program: string;

async function startOwner(): Promise<WorkerProcess<ServerOwner>> {
  const worker = await WorkerProcess.start<ServerOwner>(program);
  workers.push(worker);
  return worker;
}

/** A zombie, which nobody has asked yet how it ended, is dead. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

beforeAll(async () => {
  program = await bundleModule(join(packageFolder, 'test', 'server-owner.ts'), packageFolder);
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});

describe('nothing is left behind', () => {
  const endings: Record<string, (owner: WorkerProcess<ServerOwner>) => Promise<unknown>> = {
    'is killed (SIGKILL)': (owner) => owner.kill(),
    'is terminated (SIGTERM)': (owner) => owner.ask('terminate').catch(() => undefined),
    crashes: (owner) => owner.ask('crash').catch(() => undefined),
    exits: (owner) => owner.ask('exit').catch(() => undefined),
    'is stopped': (owner) => owner.stop(),
  };
  for (const [name, end] of Object.entries(endings)) {
    it(`of a process that ${name}: its servers end, a paused one too, and their folders go`, async () => {
      const owner = await startOwner();
      const servers = [await owner.ask('start', false), await owner.ask('start', true)];
      expect(servers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
      await end(owner);
      for (const { pid, folder } of servers) {
        await waitFor(() => !isAlive(pid), { what: `server ${pid} to end` });
        await waitFor(() => !existsSync(dirname(folder)), { what: 'its folder to go' });
      }
    });
  }
});

describe('WorkerProcess', () => {
  it('brings arguments there and answers back as structured clones, several at a time', async () => {
    const owner = await startOwner();
    const values = [new Map([['k', new Uint8Array([1, 2])]]), 10n, undefined, new Date(0)];
    expect(await Promise.all(values.map((value) => owner.ask('echo', value)))).toEqual(values);
  });

  it('brings an error back with name, message, code and details', async () => {
    const owner = await startOwner();
    await expect(owner.ask('fail')).rejects.toMatchObject({
      name: 'TypeError',
      message: 'no such luck',
      code: 'E_LUCK',
      details: { tries: 3 },
    });
    await expect(owner.ask('uncloneable')).rejects.toThrow(/could not be cloned/);
    await expect(owner.ask('nonsense' as 'exit')).rejects.toThrow("the worker has no 'nonsense'");
  });

  it('paused, it answers nothing; resumed, what it was asked (F24)', async () => {
    const owner = await startOwner();
    const other = await startOwner();
    await owner.pause();
    let answered = false;
    const answer = owner.ask('echo', 1).finally(() => {
      answered = true;
    });
    for (let turn = 0; turn < 20; turn++) await other.ask('echo', turn);
    expect(answered).toBe(false);
    await owner.resume();
    expect(await answer).toBe(1);
  });

  it('killed or crashed, it leaves no question open (F25)', async () => {
    const [killed, crashed] = [await startOwner(), await startOwner()];
    const open = killed.ask('start', false);
    const gone = { code: CacheErrorCode.STORE_UNAVAILABLE };
    await Promise.all([killed.kill(), expect(open).rejects.toMatchObject({ ...gone, message: /SIGKILL/ })]);
    await expect(killed.ask('echo', 1)).rejects.toMatchObject(gone);
    await crashed.ask('crash').catch(() => undefined);
    await waitFor(() => crashed.end);
    await waitFor(() => /a crash on purpose/.test(crashed.output));
    await expect(crashed.ask('echo', 1)).rejects.toMatchObject({ ...gone, message: /a crash on purpose/ });
  });

  it('stopped, it closes first; paused, it is killed', async () => {
    const [a, b] = [await startOwner(), await startOwner()];
    await a.stop();
    await a.stop();
    expect(a.end).toEqual({ code: 0, signal: null });
    expect(a.output).toBe('closed\n');
    await b.pause();
    await b.stop();
    expect(b.end).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('that ends before it is ready rejects with what it printed', async () => {
    const file = join(dirname(program), 'broken.mjs');
    await writeFile(file, 'throw new Error("not even started");');
    const start = WorkerProcess.start(file);
    await expect(start).rejects.toMatchObject({ code: CacheErrorCode.STORE_UNAVAILABLE });
    await expect(start).rejects.toThrow(/exit code 1.*not even started/s);
  });
});
