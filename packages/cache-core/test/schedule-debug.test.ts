import { it } from 'vitest';
import { play } from './schedule-run.ts';
it('debug', async () => {
  const { topology, schedule } = JSON.parse(process.env.DBG!);
  console.log(JSON.stringify(await play(topology, schedule, (line) => console.log(line))));
});
