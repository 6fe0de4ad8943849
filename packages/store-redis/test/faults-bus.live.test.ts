import { FaultProxy, type TrafficFault } from '@larder/store-testkit/services';
import { describe, expect, it } from 'vitest';
import { median } from './live-loader.ts';
import { Reader } from './live-staleness.ts';
import { TurnMeter } from './live-turns.ts';
import {
  BARE,
  busAlive,
  heardAll,
  isBus,
  type LiveProcess,
  liveWorld,
  type OpenOptions,
  until,
} from './live-world.ts';

const world = liveWorld();

/** D of these tests. */
const D_MS = 300;
/** What a read may take longer to begin than D says, on a busy machine: timers are late, and so is the reader's clock. */
const SLACK_MS = 60;
const SHORT_D = { maxStaleness: '300ms', storeTimeout: '150ms' } as const;
/** With a heartbeat every 10 s only what the messages themselves show is seen. */
const LONG_D = { maxStaleness: '1m' } as const;

const flushesOf = ({ cache }: LiveProcess) => cache.stats().flushes;

/** A process that hears through the proxy, and one that writes past it; both know `k` as 'old'. */
async function pair(cache: object = SHORT_D, at: OpenOptions = {}): Promise<[LiveProcess, LiveProcess]> {
  const { prefix = world.prefix } = at;
  const one = await world.serving({ cache, store: { silenceLimit: '1s' }, ...at });
  const writer = await world.serving({ direct: true, prefix, cache: { maxStaleness: '1m' } });
  await writer.cache.set('k', 'old');
  await heardAll(writer, one);
  expect(await one.cache.get('k')).toBe('old');
  return [one, writer];
}

/** Swallows the messages that come to the subscriber, and counts them. Answers of the server pass. */
function swallowMessages(): TrafficFault & { readonly swallowed: () => number } {
  let swallowed = 0;
  const fault = world.proxy.rewrite(
    (bytes) => {
      if (!bytes.includes('\r\nmessage\r\n')) return bytes;
      swallowed += 1;
      return Buffer.alloc(0);
    },
    { direction: 'toClient', only: isBus },
  );
  return { end: (options) => fault.end(options), swallowed: () => swallowed };
}

describe('F5 the connection of the bus is killed', () => {
  const ways: readonly (readonly [string, () => unknown])[] = [
    ['RST', () => world.proxy.cut({ only: isBus })],
    ['FIN', () => world.proxy.end({ only: isBus })],
    ['by the server', () => world.server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')],
  ];

  it.each(ways)(
    '%s: memory is flushed, no read is staler than D, memory serves again within 2 s',
    async (_name, kill) => {
      const [one, writer] = await pair();
      const reader = new Reader(one, 'k', () => 'loaded');
      await reader.saw('old');
      await kill();
      const killedMs = performance.now();
      await until(() => flushesOf(one).closed, 'the loss to be seen');
      await writer.cache.set('k', 'new');
      const ackMs = performance.now();
      await reader.saw('new');
      await busAlive(one);
      expect(performance.now() - killedMs).toBeLessThan(2000);
      expect(await one.cache.get('k')).toBe('new');
      expect(one.cache.peek('k')).toBe('new');
      await reader.stop();
      expect(reader.staleMs('old', ackMs)).toBeLessThan(D_MS + SLACK_MS);
    },
  );

  it('a write while it is gone is not missed by what was read before it came back', async () => {
    const [one, writer] = await pair();
    world.proxy.refuse();
    world.proxy.cut({ only: isBus });
    await until(() => flushesOf(one).closed, 'the loss to be seen');
    // Kept in memory on nobody's word, while nobody listens.
    expect(await one.cache.get('k')).toBe('old');
    await writer.cache.set('k', 'new');
    const ackMs = performance.now();
    const reader = new Reader(one, 'k', () => 'loaded');
    await world.proxy.accept();
    await busAlive(one);
    await reader.saw('new');
    await reader.stop();
    expect(reader.staleMs('old', ackMs)).toBeLessThan(D_MS + SLACK_MS);
  });

  it('what is announced before the subscription is confirmed is not counted as heard', async () => {
    const [one, writer] = await pair();
    const before = world.proxy.accepted;
    const stall = world.proxy.stall({ direction: 'toServer', only: ({ index }) => index >= before });
    world.proxy.cut({ only: isBus });
    await until(() => world.proxy.accepted > before, 'a new connection');
    const reader = new Reader(one, 'k', () => 'loaded');
    for (let turn = 0; turn < 5; turn++) await writer.cache.set('k', `new ${turn}`);
    const ackMs = performance.now();
    stall.end();
    await busAlive(one);
    await reader.saw('new 4');
    await reader.stop();
    for (const value of ['old', 'new 0', 'new 1', 'new 2', 'new 3']) {
      expect(reader.staleMs(value, ackMs)).toBeLessThan(D_MS + SLACK_MS);
    }
  });
});

describe('F6 half open for 2 s', () => {
  const cases = [
    { way: 'the bus alone, its bytes delivered later', busAlone: true, discard: false },
    { way: 'the bus alone, its bytes lost', busAlone: true, discard: true },
    { way: 'all connections, bytes delivered later', busAlone: false, discard: false },
    { way: 'all connections, bytes lost', busAlone: false, discard: true },
  ] as const;

  /** Each way has a proxy and a prefix of its own: the two seconds pass for all of them at once. */
  async function halfOpen({ way, busAlone, discard }: (typeof cases)[number]): Promise<void> {
    await using proxy = await FaultProxy.start({ target: world.server.url });
    const [one, writer] = await pair(SHORT_D, { url: proxy.url, prefix: `${world.prefix}${way.length}:` });
    let source = 'old';
    const reader = new Reader(one, 'k', () => source);
    await reader.saw('old');
    const stall = proxy.stall(busAlone ? { only: isBus } : {});
    const stalledMs = performance.now();
    source = 'new';
    await writer.cache.set('k', 'new');
    const ackMs = performance.now();
    await until(() => performance.now() - stalledMs > 2000, 'two seconds to pass');
    // Bytes in the middle of a connection are not lost without the connection.
    if (discard && !busAlone) proxy.cut();
    stall.end({ discard });
    await busAlive(one);
    await reader.saw('new');
    await reader.stop();
    expect([way, reader.staleMs('old', ackMs) < D_MS + SLACK_MS]).toEqual([way, true]);
    if (busAlone) expect(flushesOf(one)).toHaveProperty('silent');
    // And it hears again.
    await writer.cache.set('k', 'newer');
    await until(async () => (await one.cache.get('k')) === 'newer', 'the store to be asked again');
    await until(async () => (await one.cache.get('k')) && one.cache.peek('k'), 'memory to serve again');
    expect(one.cache.peek('k')).toBe('newer');
    await one.cache.close();
  }

  it('the bus alone or all connections, bytes delivered later or lost: no read is staler than D', async () => {
    const outcomes = await Promise.allSettled(cases.map(halfOpen));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
  });

  it('a subscription that nothing comes over is replaced by another', async () => {
    const [one, writer] = await pair();
    const deaf = new Set(world.proxy.connections.filter(isBus));
    // Messages are lost, but the connection answers: to itself it looks well.
    world.proxy.drop({ direction: 'toClient', only: (connection) => deaf.has(connection as never) });
    await until(async () => {
      await writer.cache.set('x', 1);
      return world.proxy.connections.some((connection) => isBus(connection) && !deaf.has(connection));
    }, 'another subscription');
    await busAlive(one);
    expect(flushesOf(one).silent).toBeGreaterThan(0);
  });
});

describe('F7 one message is lost, the connection stays', () => {
  it('the next message shows the gap', async () => {
    const [one, writer] = await pair(LONG_D);
    const loss = swallowMessages();
    await writer.cache.set('k', 'new');
    await until(() => loss.swallowed() > 0, 'the message to be lost');
    loss.end();
    expect(one.cache.peek('k')).toBe('old');
    await writer.cache.set('another', 1);
    await until(() => flushesOf(one).lost, 'the gap to be seen');
    expect(await one.cache.get('k')).toBe('new');
  });

  it('without a next one the heartbeat does, within D', async () => {
    const [one, writer] = await pair();
    const reader = new Reader(one, 'k', () => 'loaded');
    const loss = swallowMessages();
    await writer.cache.set('k', 'new');
    const ackMs = performance.now();
    await until(() => loss.swallowed() > 0, 'the message to be lost');
    loss.end();
    await until(() => flushesOf(one).silent, 'the silence to be seen');
    await reader.saw('new');
    await busAlive(one);
    await reader.stop();
    expect(reader.staleMs('old', ackMs)).toBeLessThan(D_MS + SLACK_MS);
    expect(await one.cache.get('k')).toBe('new');
  });

  it('what was announced on a channel of a newer format counts as lost (F40)', async () => {
    const [one] = await pair();
    const { server, layout } = world;
    const seq = Number(await server.command('GET', layout.seq));
    await server.command('SET', layout.seq, String(seq + 1));
    await server.command('PUBLISH', layout.channel.replace('bus:1', 'bus:2'), 'whatever it says');
    await until(() => flushesOf(one).silent, 'the silence to be seen');
    expect(one.cache.peek('k')).toBeUndefined();
  });
});

describe('F8 messages that are not as they should be', () => {
  it('duplicated: harmless', async () => {
    const [one, writer] = await pair(LONG_D);
    const twice = world.proxy.rewrite(
      (bytes) => (bytes.includes('\r\nmessage\r\n') ? Buffer.concat([bytes, bytes]) : bytes),
      {
        direction: 'toClient',
        only: isBus,
      },
    );
    for (let turn = 0; turn < 5; turn++) await writer.cache.set('x', turn);
    await heardAll(writer, one);
    twice.end();
    expect(flushesOf(one)).toEqual({});
    expect(one.cache.peek('k')).toBe('old');
  });

  it('reordered: colder, never wrong', async () => {
    const [one, writer] = await pair(LONG_D);
    const held: Buffer[] = [];
    const later = world.proxy.rewrite(
      (bytes) => {
        if (!bytes.includes('\r\nmessage\r\n')) return bytes;
        held.push(bytes);
        return held.length < 2 ? Buffer.alloc(0) : Buffer.concat(held.splice(0).reverse());
      },
      { direction: 'toClient', only: isBus },
    );
    await writer.cache.set('k', 'new');
    await until(() => held.length === 1, 'the first message');
    await writer.cache.set('x', 1);
    await until(() => flushesOf(one).lost, 'the gap to be seen');
    later.end();
    expect(await one.cache.get('k')).toBe('new');
    await heardAll(writer, one);
    expect(one.cache.peek('k')).toBe('new');
  });

  const unreadable: readonly (readonly [string, string | Buffer])[] = [
    ['empty', ''],
    ['text', 'hello'],
    ['bytes', Buffer.alloc(64, 0xff)],
    ['JSON of another kind', '{"keys":["k"]}'],
    ['a newer format (F40)', '2|abcdef012345|5|{"keys":["k"],"value":"smuggled"}'],
    ['a sequence that goes nowhere', 'abcdef012345 9 9 {"o":"","n":0,"k":[],"t":[]}'],
    ['a sequence beyond what is exact', `abcdef012345 1 9999999999999999 {"o":"","n":0,"k":[],"t":[]}`],
    ['names that are none', 'abcdef012345 1 2 {"o":"","n":0,"k":[1,null],"t":[]}'],
    ['10 MB', Buffer.alloc(10 * 1024 * 1024, 'x')],
  ];

  it.each(unreadable)(
    '%s: memory is flushed, nothing of it is believed, and it serves again',
    async (_name, message) => {
      const [one, writer] = await pair(LONG_D);
      await world.server.command('PUBLISH', world.layout.channel, message);
      await until(() => flushesOf(one).unreadable, 'the flush');
      expect(one.cache.peek('k')).toBeUndefined();
      expect(await one.cache.get('k', () => 'never')).toBe('old');
      await busAlive(one);
      await writer.cache.set('k', 'new');
      await heardAll(writer, one);
      expect(await one.cache.get('k')).toBe('new');
    },
  );

  it('a forged message can only make it colder', async () => {
    const [one] = await pair(LONG_D);
    const { server, layout } = world;
    const epoch = String(await server.command('GET', layout.clear)).slice(0, 12);
    const seq = Number(await server.command('GET', layout.seq));
    const part = '{"o":"ffffffffffffffff","n":1,"k":[":k"],"t":[],"v":"forged"}';
    await server.command('PUBLISH', layout.channel, `${epoch} ${seq} ${seq + 1} ${part}`);
    await until(() => one.cache.peek('k') === undefined, 'the key to be forgotten');
    expect(await one.cache.get('k', () => 'never')).toBe('old');
  });

  it('own messages do not empty memory', async () => {
    const [one, writer] = await pair(LONG_D);
    await one.cache.set('mine', 1);
    await one.cache.set('another', 1);
    await heardAll(writer, one);
    expect(one.cache.peek('mine')).toBe(1);
    expect(flushesOf(one)).toEqual({});
  });
});

describe('F31 a flood', () => {
  /** Lets the server itself announce, 2,500 at once and 100,000 in all. Answers what that cost this process. */
  async function flood(
    body: string,
    heard: () => Promise<void>,
  ): Promise<{ longestMs: number; tookMs: number }> {
    const { server, layout } = world;
    const script = `local seq = tonumber(redis.call('GET', KEYS[1]))
      local epoch = string.sub(redis.call('GET', KEYS[2]), 1, 12)
      for i = 1, 2500 do ${body} end
      redis.call('SET', KEYS[1], string.format('%.0f', seq))`;
    const beganMs = performance.now();
    const longest: number[] = [];
    for (let part = 0; part < 40; part++) {
      const turns = new TurnMeter();
      await server.command('EVAL', script, 2, layout.seq, layout.clear, layout.channel);
      await heard();
      turns.stop();
      longest.push(turns.longestMs);
    }
    const [longestMs, tookMs] = [median(longest), performance.now() - beganMs];
    console.log(
      `G: 100,000 messages in ${Math.round(tookMs)} ms, longest turn ${longestMs.toFixed(1)} ms of CPU (median of 40; ${Math.max(...longest).toFixed(1)} at most)`,
    );
    return { longestMs, tookMs };
  }

  /** One that listens past the proxy, which would have the same event loop to itself; and one that only writes. */
  async function listener(): Promise<[LiveProcess, LiveProcess]> {
    const writer = world.open({ direct: true, cache: BARE });
    await writer.cache.set('k', 'old');
    const one = await world.serving({ direct: true, cache: LONG_D });
    expect(await one.cache.get('k')).toBe('old');
    return [one, writer];
  }

  it('of 100,000 messages: all are heard, the event loop goes on', async () => {
    const [one, writer] = await listener();
    const announce = `local before = string.format('%.0f', seq)
      seq = seq + 1
      local message = ' {"o":"f","n":' .. i .. ',"k":[":f' .. i .. '"],"t":[]}'
      redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. before .. ' ' .. string.format('%.0f', seq) .. message)`;
    const { longestMs } = await flood(announce, () => heardAll(writer, one));
    expect(flushesOf(one)).toEqual({});
    expect(one.cache.peek('k')).toBe('old');
    expect(longestMs).toBeLessThan(50);
  });

  it('of 100,000 that cannot be read: flushes are as one, and it serves again', async () => {
    const [one, writer] = await listener();
    let flushed = 0;
    one.cache.on('flush', () => {
      flushed += 1;
    });
    const { longestMs } = await flood(`redis.call('PUBLISH', ARGV[1], 'garbage ' .. i)`, () =>
      heardAll(writer, one),
    );
    expect(flushesOf(one).unreadable).toBeGreaterThan(0);
    expect(flushed).toBeLessThan(50);
    expect(longestMs).toBeLessThan(50);
    await busAlive(one);
    expect(await one.cache.get('k')).toBe('old');
  });

  it('that overruns the output buffer: the server cuts the subscriber, which is F5', async () => {
    const [one, writer] = await pair();
    await world.server.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 1mb 1');
    const stall = world.proxy.stall({ only: isBus });
    for (let turn = 0; turn < 8; turn++) {
      await world.server.command('PUBLISH', world.layout.channel, Buffer.alloc(1024 * 1024, 'x'));
    }
    await writer.cache.set('k', 'new');
    stall.end();
    await until(() => flushesOf(one).closed, 'the loss to be seen');
    await busAlive(one);
    expect(await one.cache.get('k')).toBe('new');
  });
});
