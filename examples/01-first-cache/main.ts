import { CacheManager, ManualClock } from '@larder/cache-core';

// The idea: callers ask the cache and say how to read the source; the cache decides when that has to be done.
// A program of your own leaves `clock` out. Here it stands in for the hours that nobody wants to wait.
const clock = new ManualClock();
const cache = new CacheManager({ clock, ttl: '1m', grace: '10m' });

let stock = 7;
let sourceIsDown = false;

/** A slow source: each read takes 50 ms. */
async function readStock(): Promise<number> {
  console.log('  (the source is asked)');
  if (sourceIsDown) throw new Error('the source is down');
  await new Promise<void>((done) => {
    clock.schedule(done, 50);
  });
  return stock;
}

function getStock(): Promise<number> {
  return cache.get('stock:apples', readStock);
}

console.log('Three callers at once, one load:');
const waiting = Promise.all([getStock(), getStock(), getStock()]);
await clock.advance(50);
console.log(await waiting);

console.log('Within its minute the value comes from memory:');
stock = 5;
console.log(await getStock());

console.log('After it the old value is answered at once, and a new one is loaded meanwhile:');
await clock.advance(60_000);
console.log(await getStock());
await clock.advance(50);
console.log(await getStock());

console.log('While the source is down the old value goes on serving:');
await clock.advance(60_000);
sourceIsDown = true;
console.log(await getStock());
await cache.flush();
console.log(await getStock());

const { hits, staleHits, loads, loadErrors } = cache.stats();
console.log('In the end:', { hits, staleHits, loads, loadErrors });
await cache.close();
