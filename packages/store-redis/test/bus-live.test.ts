import { FaultProxy, type ProxiedConnection, RedisServer, waitFor } from '@larder/store-testkit/services';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RedisBus } from '../src/bus/redis-bus.ts';
import { D, type Heard, recorder } from './bus-rig.ts';

const PREFIX = 'busses:';
const CHANNEL = `${PREFIX}bus:1:0`;

let server: RedisServer;
let proxy: FaultProxy;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  server = await RedisServer.start();
  proxy = await FaultProxy.start({ target: server.url });
});
beforeEach(() => server.command('FLUSHALL'));
afterEach(async () => {
  proxy.resume();
  for (const end of ends.splice(0)) await end();
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});

interface Peer extends Heard {
  readonly bus: RedisBus;
  tell(...keys: string[]): Promise<void>;
  proven(): Promise<void>;
}

/** A process on the bus. */
function peer(target: ConstructorParameters<typeof RedisBus>[0] = server.url, maxStalenessMs = D): Peer {
  const bus = new RedisBus(target, { prefix: PREFIX });
  const heard = recorder();
  const subscription = bus.subscribe(heard, { maxStalenessMs });
  ends.push(() => subscription.close());
  return {
    ...heard,
    bus,
    tell: (...keys) => subscription.publish({ keys, stamps: [] }),
    // A proof of what was announced before the call.
    proven: async () => {
      const sinceMs = performance.now() + 1;
      await waitFor(() => (heard.proofs.at(-1) ?? 0) >= sinceMs, { what: 'a proof of the bus' });
    },
  };
}

async function pair(target?: string): Promise<[Peer, Peer]> {
  const both: [Peer, Peer] = [peer(target), peer()];
  await Promise.all(both.map((one) => one.proven()));
  for (const one of both) one.gaps.length = 0;
  return both;
}

async function hears(one: Peer, key: string): Promise<void> {
  await waitFor(() => one.messages.some(({ keys }) => keys.includes(key)), { what: `${key} to be heard` });
}

const isSubscriber = (connection: ProxiedConnection): boolean => connection.sent('subscribe');

describe.each([
  ['a URL', () => server.url],
  ['a client of ioredis 6', () => new Redis(server.url, { lazyConnect: true })],
  ['a client of ioredis 5', () => new Redis5(server.url, { lazyConnect: true })],
] as const)('a bus by %s', (_, target) => {
  it('delivers, vouches, and leaves nothing behind', async () => {
    const one = peer(target());
    const other = peer();
    await Promise.all([one.proven(), other.proven()]);
    await other.tell(':a', ':ü\u2028"');
    await hears(one, ':a');
    expect(one.messages).toEqual([{ keys: [':a', ':ü\u2028"'], stamps: [] }]);
    await one.tell(':b');
    await hears(other, ':b');
    expect(other.messages).toHaveLength(1);
    await one.proven();
    expect(one.gaps.filter((cause) => cause !== 'restarted')).toEqual([]);
    for (const end of ends.splice(0)) await end();
    await waitFor(async () => !String(await server.command('CLIENT', 'LIST')).includes('larder-'));
  });
});

it('F5: a killed connection is a gap at once, and vouched for again within 2 s', async () => {
  const [one, other] = await pair();
  await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
  const killedMs = performance.now();
  await waitFor(() => one.gaps.includes('closed'), { timeoutMs: 1000 });
  await one.proven();
  expect(performance.now() - killedMs).toBeLessThan(2000);
  await other.tell(':after');
  await hears(one, ':after');
});

it('F6: a half-open connection is found out and replaced', async () => {
  const [one, other] = await pair(proxy.url);
  const old = proxy.connections.filter(isSubscriber).map(({ index }) => index);
  expect(old).toHaveLength(1);
  proxy.stall({ direction: 'toClient', only: ({ index }) => old.includes(index) });
  const stalledMs = performance.now();
  await other.tell(':unheard');
  await waitFor(() => one.gaps.includes('silent'), { timeoutMs: 2000 });
  await waitFor(() => one.gaps.includes('closed'), { what: 'the connection to be dropped' });
  // Nothing was vouched for that the message was in the way of.
  expect(one.proofs.filter((sinceMs) => sinceMs > stalledMs + 200)).toEqual([]);
  await one.proven();
  await other.tell(':heard');
  await hears(one, ':heard');
});

it('F6: bytes that come late are harmless', async () => {
  const [one, other] = await pair(proxy.url);
  const stall = proxy.stall({ direction: 'toClient', only: isSubscriber });
  await other.tell(':late');
  await waitFor(() => one.gaps.includes('silent'));
  stall.end();
  await hears(one, ':late');
  await one.proven();
});

it('F7: one lost message is a gap within D', async () => {
  const [one, other] = await pair();
  // As if announced: the sequence moves, and nothing comes.
  const announcedMs = performance.now();
  await server.command('INCRBY', `${PREFIX}seq`, 5);
  await waitFor(() => one.gaps.includes('silent'), { timeoutMs: D + 500 });
  expect(performance.now() - announcedMs).toBeLessThan(D + 300);
  await one.proven();
  await server.command('INCRBY', `${PREFIX}seq`, 5);
  await other.tell(':next');
  await hears(one, ':next');
  expect(one.gaps).toContain('lost');
});

it('F13: FLUSHALL is a gap, and so is a restart without data', async () => {
  const [one, other] = await pair();
  await server.command('FLUSHALL');
  await waitFor(() => one.gaps.includes('restarted'), { timeoutMs: D });
  await one.proven();
  await server.restart({ data: 'empty' });
  await waitFor(() => one.gaps.includes('closed'));
  await Promise.all([one.proven(), other.proven()]);
  await other.tell(':after');
  await hears(one, ':after');
});

it('F14: a sequence set back is a gap, and so is a restart from an old snapshot', async () => {
  const [one, other] = await pair();
  await server.saveSnapshot();
  await other.tell(':a');
  await hears(one, ':a');
  await server.command('DECR', `${PREFIX}seq`);
  await waitFor(() => one.gaps.includes('rewound'), { timeoutMs: D });
  await one.proven();
  await server.restart({ data: 'snapshot' });
  await waitFor(() => one.gaps.includes('closed'));
  await Promise.all([one.proven(), other.proven()]);
  await other.tell(':after');
  await hears(one, ':after');
});

it('F12: a server that was down at the start is found when it is up', async () => {
  await server.kill();
  const one = peer();
  await waitFor(() => one.tell(':x').catch((error) => error.code === 'STORE_UNAVAILABLE'));
  await server.restart();
  const upMs = performance.now();
  await one.proven();
  expect(performance.now() - upMs).toBeLessThan(2000);
});

it.each([
  ['the sequence is deleted', [['DEL', `${PREFIX}seq`]]],
  ['the root stamp is deleted', [['DEL', `${PREFIX}clear`]]],
  [
    'the sequence is a list',
    [
      ['DEL', `${PREFIX}seq`],
      ['LPUSH', `${PREFIX}seq`, 'x'],
    ],
  ],
  [
    'the root stamp is a hash',
    [
      ['DEL', `${PREFIX}clear`],
      ['HSET', `${PREFIX}clear`, 'x', 'y'],
    ],
  ],
  [
    'both are text',
    [
      ['SET', `${PREFIX}seq`, '-1'],
      ['SET', `${PREFIX}clear`, 'x'],
    ],
  ],
  ['the sequence is 2^53 - 1', [['SET', `${PREFIX}seq`, '9007199254740991']]],
  ['the sequence is beyond 2^53', [['SET', `${PREFIX}seq`, '9007199254740993']]],
  ['the sequence has 16 digits', [['SET', `${PREFIX}seq`, '9999999999999999']]],
  ['the sequence has 400 digits', [['SET', `${PREFIX}seq`, '9'.repeat(400)]]],
])('F16: goes on where %s', async (_what, commands) => {
  const [one, other] = await pair();
  for (const command of commands) await server.command(...command);
  await waitFor(() => one.gaps.length > 0, { what: 'a gap' });
  await Promise.all([one.proven(), other.proven()]);
  await other.tell(':after');
  await hears(one, ':after');
  await one.proven();
});

it('F8, F37, F40: whatever is published by others is survived, and nothing in it believed', async () => {
  const [one, other] = await pair();
  const epoch = String(await server.command('GET', `${PREFIX}clear`)).split(':')[0];
  const good = `${epoch} 1 2 {"o":"ffffffffffffffff","n":1,"k":[":evil"],"t":["t:evil"]}`;
  const hostile: (string | Buffer)[] = [
    '',
    '\0',
    'null',
    '{}',
    '[]',
    'text',
    Buffer.alloc(64, 0xff),
    Buffer.alloc(10_000_000, 0x61),
    `${epoch} NaN 2 {}`,
    `${epoch} -1 2 {}`,
    `${epoch} 1 9223372036854775808 {"o":"","n":0,"k":[],"t":[]}`,
    `${epoch} 3 2 {"o":"","n":0,"k":[":evil"],"t":[]}`,
    `${epoch} 1 2 {"o":"","n":0,"k":[${'[":evil"],'.repeat(1000)}1],"t":[]}`,
    `${epoch} 1 2 {"o":"","n":0,"k":[${'":evil",'.repeat(1e6)}":evil"],"t":[]}`,
    `{"format":2,"keys":[":evil"]}`,
    ...Array.from({ length: 18 }, (_, index) => good.slice(0, index * 4)),
  ];
  for (const message of hostile) {
    const before = one.bus.health.gaps.unreadable;
    await server.command('PUBLISH', CHANNEL, message);
    const what = `a gap for ${message.length} bytes, ${String(message).slice(0, 40)}`;
    await waitFor(() => one.bus.health.gaps.unreadable > before, { what });
  }
  expect(one.messages).toEqual([]);
  // Forged numbers: a flush, and no more.
  for (const forged of [
    `${epoch} 1 9007199254740991 {"o":"","n":0,"k":[],"t":[]}`,
    'abc 0 5 {"o":"","n":0,"k":[],"t":[]}',
  ]) {
    await one.proven();
    one.gaps.length = 0;
    await server.command('PUBLISH', CHANNEL, forged);
    await waitFor(() => one.gaps.length > 0, { what: `a gap for ${forged}` });
  }
  await other.proven();
  await other.tell(':good');
  await hears(one, ':good');
  await one.proven();
}, 20_000);

it('another database and another prefix are other buses', async () => {
  const [one] = await pair();
  const elsewhere = peer(`${server.url}/1`);
  await elsewhere.proven();
  await elsewhere.tell(':other');
  await server.command('PUBLISH', `${PREFIX}bus:2:0`, 'a format of the future');
  await one.proven();
  expect(one.messages).toEqual([]);
  expect(one.gaps).toEqual([]);
});

it('a user who may not subscribe is told so, and served once he may', async () => {
  await server.command('ACL', 'SETUSER', 'narrow', 'on', '>secret', '~*', '+@all', 'resetchannels');
  const url = server.url.replace('redis://', 'redis://narrow:secret@');
  const warnings: string[] = [];
  const keep = (_fields: object, message: string): void => void warnings.push(message);
  const none = (): void => undefined;
  const bus = new RedisBus(url, {
    prefix: PREFIX,
    logger: { debug: none, info: none, warn: keep, error: keep },
  });
  const heard = recorder();
  const subscription = bus.subscribe(heard, { maxStalenessMs: D });
  ends.push(() => subscription.close());
  await waitFor(() => warnings.some((message) => message.includes('subscribe')));
  expect(bus.health.subscribed).toBe(false);
  expect(heard.proofs).toEqual([]);
  expect(warnings.join()).not.toContain('secret');
  await server.command('ACL', 'SETUSER', 'narrow', 'allchannels');
  await waitFor(() => heard.proofs.length > 0, { what: 'a proof' });
});

it('F31: a flood of 1e5 messages is heard without a gap', async () => {
  const one = peer();
  await one.proven();
  one.gaps.length = 0;
  const flooder = new Redis(server.url, { enableAutoPipelining: true });
  ends.push(() => flooder.disconnect());
  flooder.on('error', () => undefined);
  const flood = `local n = 0
    for i = 1, 1000 do
      local prev = redis.call('GET', KEYS[1])
      local seq = redis.call('INCR', KEYS[1])
      redis.call('PUBLISH', ARGV[1], ARGV[2] .. ' ' .. prev .. ' ' .. string.format('%.0f', seq) .. ' {"o":"ffffffffffffffff","n":1,"k":[":k' .. i .. '"],"t":[]}')
    end`;
  const epoch = String(await server.command('GET', `${PREFIX}clear`)).split(':')[0]!;
  for (let round = 0; round < 100; round++) await flooder.eval(flood, 1, `${PREFIX}seq`, CHANNEL, epoch);
  await waitFor(() => one.messages.length >= 100_000, { what: 'the flood to be heard', timeoutMs: 20_000 });
  expect(one.gaps).toEqual([]);
  await one.proven();
}, 30_000);
