import { it } from 'vitest';
import { cp, rm } from 'node:fs/promises';
import { bundleBench } from './bundled-bench.ts';
it('x', async () => { const b = await bundleBench(); await rm('/work/main/apps/bench/node_modules/.lbdev',{recursive:true,force:true}); await cp(b.folder,'/work/main/apps/bench/node_modules/.lbdev',{recursive:true}); await b.remove(); }, 60000);
