import { oneOf, wholeBetween } from '../random.ts';
import type { FaultGround, FaultKind, FaultMaker } from './fault.ts';

/** The server stands still, dies, loses everything, or refuses. */
export const SERVER_FAULTS = {
  'server-pause': {
    plan(random) {
      const ms = oneOf(random, [100, 400, 900, 1500, 3000, 5000]);
      return {
        text: `the server stands still for ${ms} ms`,
        async inflict({ server, last }) {
          await server.pause();
          try {
            await last(ms);
          } finally {
            await server.resume();
          }
        },
      };
    },
  },
  'server-restart': {
    plan(random) {
      const ms = oneOf(random, [0, 200, 1500]);
      return {
        text: `the server is killed, and comes back empty after ${ms} ms`,
        async inflict({ server, last }) {
          await server.kill();
          await last(ms);
          await server.restart();
        },
      };
    },
  },
  flushall: {
    plan: (random) => {
      const times = wholeBetween(random, 1, 3);
      return {
        text: `FLUSHALL, ${times} times within ${times * 50} ms`,
        inflict: (ground) => repeat(ground, times, 50, () => ground.server.command('FLUSHALL')),
      };
    },
  },
  'kill-clients': {
    plan: (random) => {
      const times = wholeBetween(random, 1, 4);
      return {
        text: `all connections are killed by the server, ${times} times`,
        inflict: (ground) =>
          repeat(ground, times, 120, async () => {
            await ground.server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
            await ground.server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
          }),
      };
    },
  },
  'kill-subscribers': {
    plan: () => ({
      text: 'all subscriptions are killed by the server',
      inflict: async ({ server }) => void (await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')),
    }),
  },
  'out-of-memory': {
    plan: (random) => {
      const ms = wholeBetween(random, 500, 2000);
      return {
        text: `the server is out of memory for ${ms} ms`,
        inflict: (ground) =>
          during(ground, ms, ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']),
      };
    },
  },
  'read-only': {
    plan: (random) => {
      const ms = wholeBetween(random, 300, 1500);
      return {
        text: `the server is a replica without a master, hence read-only, for ${ms} ms`,
        inflict: (ground) => during(ground, ms, ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']),
      };
    },
  },
  'script-flush': {
    plan: () => ({
      text: 'SCRIPT FLUSH, ten times within 500 ms',
      inflict: (ground) => repeat(ground, 10, 50, () => ground.server.command('SCRIPT', 'FLUSH')),
    }),
  },
} as const satisfies Partial<Record<FaultKind, FaultMaker>>;

async function repeat(
  { last }: FaultGround,
  times: number,
  everyMs: number,
  work: () => Promise<unknown>,
): Promise<void> {
  for (let time = 0; time < times; time++) {
    await work();
    await last(everyMs);
  }
}

async function during(
  { server, last }: FaultGround,
  ms: number,
  begin: readonly string[],
  end: readonly string[],
): Promise<void> {
  await server.command(...begin);
  try {
    await last(ms);
  } finally {
    await server.command(...end);
  }
}
