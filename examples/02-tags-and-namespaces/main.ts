import { CacheManager } from '@larder/cache-core';

// The idea: say what an entry belongs to when it is stored, and forget all that belongs together in one step.
const cache = new CacheManager({ ttl: '1h' });
const pages = cache.namespace('pages');
const prices = cache.namespace('prices', { ttl: '5m' });

async function show(title: string): Promise<void> {
  const found = {
    home: await pages.get('home'),
    apples: await pages.get('apples'),
    price: await prices.get('apples'),
  };
  console.log(title, found);
}

async function fill(): Promise<void> {
  await pages.set('home', 'welcome', { tags: ['page'] });
  await pages.set('apples', 'red ones', { tags: ['page', 'fruit'] });
  // What is written through `tags` carries them.
  await prices.tags(['fruit']).set('apples', 3);
}

await fill();
await show('Filled:');

await cache.invalidateTag('fruit');
await show('Without the tag fruit, in both namespaces:');

await fill();
await pages.clear();
await show('Without the namespace pages:');

// A tag may be known only after the load. If it is invalidated while that runs, it wins all the same.
const text = await pages.get('pears', async (ctx) => {
  await cache.invalidateTag('fruit'); // as somebody else may do just then
  ctx.tags(['fruit']);
  return 'green ones';
});
console.log('The caller who came before gets', text);
console.log('and nothing is kept of it:', await pages.get('pears'));
await cache.close();
