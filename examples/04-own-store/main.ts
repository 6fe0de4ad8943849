import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheManager } from '@larder/cache-core';
import { conformanceCases, runCase, sectionsFor } from '@larder/store-testkit';
import { FileStore } from './file-store.ts';
import { fileStoreHarness } from './file-store-harness.ts';

// The idea: seven methods make a store, and a kit tells whether they do what every cache relies on.
const folder = await mkdtemp(join(tmpdir(), 'own-store-'));

const cache = new CacheManager({ store: new FileStore(folder) });
await cache.set('greeting', { text: 'hello', since: new Date(0) }, '1h');
await cache.close();

console.log('Another process, later, reads what the first has kept:');
const later = new CacheManager({ store: new FileStore(folder) });
console.log(await later.get('greeting', () => 'it would be loaded'));
console.log('What such a store cannot promise is said:');
for (const limit of (await later.healthCheck()).limits) console.log(`- ${limit}`);
await later.close();
await rm(folder, { recursive: true });

console.log('The kit judges it, section by section:');
for (const section of await sectionsFor(fileStoreHarness)) {
  const failed: string[] = [];
  for (const one of conformanceCases(section)) {
    await runCase(fileStoreHarness, one).catch((error) => failed.push(`${one.name}: ${error.message}`));
  }
  console.log(`${section}: ${failed.length === 0 ? 'passed' : failed.join('\n  ')}`);
}
