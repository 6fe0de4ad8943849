import type { FaultScope, ProxiedConnection, TrafficFault } from '@larder/store-testkit/services';
import { oneOf, type Random, wholeBetween } from '../random.ts';
import type { FaultedWorker, FaultGround, FaultKind, FaultMaker } from './fault.ts';

type Wire = 'bus' | 'data' | 'both';

/** Subscriptions have a connection of their own, known by what was sent on it. */
function only(wire: Wire): Pick<FaultScope, 'only'> {
  if (wire === 'both') return {};
  const isBus = (connection: ProxiedConnection): boolean => connection.sent('SUBSCRIBE');
  return { only: wire === 'bus' ? isBus : (connection) => !isBus(connection) };
}

const WIRE_TEXT = { bus: 'the subscription', data: 'the data connection', both: 'all connections' } as const;

/** The network between one process and the server: cut, silent, slow, lossy. */
export const NETWORK_FAULTS = {
  refuse: {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const ms = wholeBetween(random, 500, 2000);
      return {
        text: `process ${slot} is cut off and refused for ${ms} ms`,
        async inflict(ground) {
          const { proxy } = at(ground, slot);
          proxy.refuse();
          proxy.cut();
          await ground.last(ms);
          await proxy.accept();
        },
      };
    },
  },
  cut: {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const wire = oneOf(random, ['bus', 'data', 'both'] as const);
      const times = wholeBetween(random, 1, 5);
      const clean = random() < 0.5;
      return {
        text: `${WIRE_TEXT[wire]} of process ${slot}: ${clean ? 'ended' : 'broken'}, ${times} times`,
        async inflict(ground) {
          const { proxy } = at(ground, slot);
          for (let time = 0; time < times; time++) {
            if (clean) proxy.end(only(wire));
            else proxy.cut(only(wire));
            await ground.last(80);
          }
        },
      };
    },
  },
  'cut-reply': {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const bytes = wholeBetween(random, 1, 4000);
      return {
        text: `a connection of process ${slot} breaks within a reply, ${bytes} bytes from now, three times`,
        async inflict(ground) {
          const { proxy } = at(ground, slot);
          for (let time = 0; time < 3; time++) {
            const fault = proxy.cutAfter(bytes);
            await ground.last(200);
            fault.end();
          }
        },
      };
    },
  },
  'stall-bus': { plan: (random, workers) => stall(random, workers, 'bus') },
  'stall-data': { plan: (random, workers) => stall(random, workers, random() < 0.5 ? 'data' : 'both') },
  delay: {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const wire = oneOf(random, ['bus', 'data', 'both'] as const);
      const delayMs = wholeBetween(random, 50, 300);
      return {
        text: `${WIRE_TEXT[wire]} of process ${slot}: ${delayMs} ms late each way, for 2 s`,
        inflict: (ground) => lasting(ground, 2000, at(ground, slot).proxy.delay(delayMs, only(wire))),
      };
    },
  },
  torn: {
    plan(random, workers) {
      const slot = wholeBetween(random, 0, workers - 1);
      const bytes = wholeBetween(random, 1, 7);
      return {
        text: `to process ${slot} bytes come in pieces of ${bytes}, for 1 s`,
        inflict: (ground) =>
          lasting(ground, 1000, at(ground, slot).proxy.throttle({ bytes }, { direction: 'toClient' })),
      };
    },
  },
  'lost-message': { plan: (random, workers) => changedMessages(random, workers, 'lost') },
  'repeated-message': { plan: (random, workers) => changedMessages(random, workers, 'delivered twice') },
} as const satisfies Partial<Record<FaultKind, FaultMaker>>;

function at({ workers }: FaultGround, slot: number): FaultedWorker {
  const worker = workers[slot];
  if (worker === undefined) throw new Error(`There is no process ${slot}.`);
  return worker;
}

async function lasting({ last }: FaultGround, ms: number, fault: TrafficFault): Promise<void> {
  await last(ms);
  fault.end();
}

/** Half open. Afterwards what was held back arrives after all, or the connection turns out to be dead. */
function stall(random: Random, workers: number, wire: Wire): ReturnType<FaultMaker['plan']> {
  const slot = wholeBetween(random, 0, workers - 1);
  const ms = oneOf(random, [300, 900, 2000, 3000]);
  const dead = random() < 0.5;
  return {
    text: `${WIRE_TEXT[wire]} of process ${slot}: silent for ${ms} ms, then ${dead ? 'dead' : 'everything arrives'}`,
    async inflict(ground) {
      const { proxy } = at(ground, slot);
      const before = new Set(proxy.connections);
      const fault = proxy.stall(only(wire));
      await ground.last(ms);
      const stalled = proxy.connections.filter((one) => before.has(one) && (only(wire).only?.(one) ?? true));
      if (dead) for (const connection of stalled) connection.cut();
      fault.end({ discard: dead });
    },
  };
}

/** Single announcements that go astray, the connection being none the wiser: five of them, one at a time. */
function changedMessages(
  random: Random,
  workers: number,
  how: 'lost' | 'delivered twice',
): ReturnType<FaultMaker['plan']> {
  const slot = wholeBetween(random, 0, workers - 1);
  return {
    text: `five messages to process ${slot} are ${how}`,
    async inflict(ground) {
      const { proxy } = at(ground, slot);
      let left = 5;
      let nextMs = 0;
      const change = (bytes: Buffer): Uint8Array => {
        const nowMs = performance.now();
        if (left === 0 || nowMs < nextMs || !isWholeMessage(bytes)) return bytes;
        left -= 1;
        nextMs = nowMs + 200;
        return how === 'lost' ? new Uint8Array() : Buffer.concat([bytes, bytes]);
      };
      await lasting(ground, 1500, proxy.rewrite(change, { ...only('bus'), direction: 'toClient' }));
    },
  };
}

/** A piece of traffic that is announcements and nothing else. */
function isWholeMessage(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return /^[>*]3\r\n\$7\r\nmessage\r\n/.test(text) && text.endsWith('\r\n');
}
