import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { CacheManager } from '@larder/cache-core';
import { RedisStore } from '@larder/store-redis';

// The idea: whoever needs the same thing at the same moment, in whatever process, asks the source once.
const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const cache = new CacheManager({ store: new RedisStore(url, { prefix: 'example-03:' }), ttl: '1m' });

let loads = 0;
async function slowReport(): Promise<string> {
  loads += 1;
  await new Promise((resolve) => setTimeout(resolve, 100)); // the source takes its time
  return `report ${(await cache.get<number>('edition')) ?? 1}`;
}

/** A thousand readers at once. */
async function stampede(): Promise<{ loads: number; answers: string[] }> {
  loads = 0;
  const answers = await Promise.all(Array.from({ length: 1000 }, () => cache.get('report', slowReport)));
  return { loads, answers: [...new Set(answers)] };
}

async function worker(): Promise<void> {
  process.on('message', async () => process.send?.(await stampede()));
  process.on('disconnect', () => void cache.close());
  await cache.get('warm-up'); // connects
  process.send?.('ready');
}

async function parent(): Promise<void> {
  const workers = [fork(import.meta.filename, ['worker']), fork(import.meta.filename, ['worker'])];
  await Promise.all(workers.map((one) => once(one, 'message')));
  await cache.clear();
  console.log('Two processes, 1,000 readers in each:', await ask(workers));
  console.log('Once more, from memory:', await ask(workers));

  // This third process changes the source, then deletes what is out of date. Here nobody sees the old report any more; the others
  // hear of it some milliseconds later, and if the word is lost, within a second (`maxStaleness`).
  await cache.set('edition', 2);
  await cache.delete('report');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  console.log('After a delete in a third process:', await ask(workers));

  for (const one of workers) one.disconnect();
  await cache.close();
}

async function ask(workers: readonly ChildProcess[]): Promise<{ loads: number; answers: string[] }> {
  const replies = workers.map((one) => once(one, 'message'));
  for (const one of workers) one.send('go');
  const found = (await Promise.all(replies)).map(([reply]) => reply as Awaited<ReturnType<typeof stampede>>);
  const answers = [...new Set(found.flatMap((one) => one.answers))];
  return { loads: found.reduce((sum, one) => sum + one.loads, 0), answers };
}

await (process.argv[2] === 'worker' ? worker() : parent());
