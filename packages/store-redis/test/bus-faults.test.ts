import { CacheError, type ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { type FakeRedis, FOREIGN, fakeBus, OWN, recorder } from './bus-double.ts';

const D = 1000;

/** A bus that one subscriber listens to, and that has been proven once. */
async function proven(maxStalenessMs = D) {
  const parts = fakeBus();
  const heard = recorder();
  const subscription = parts.bus.subscribe(heard, { maxStalenessMs });
  await parts.clock.advance(10);
  expect(heard.proofs).toHaveLength(1);
  heard.proofs.length = 0;
  return { ...parts, heard, subscription };
}

function names(key: string) {
  return { keys: [key], stamps: [] };
}

/** The event loop stands still: what falls due within `ms` finds that it is much later. */
function wakeLate(clock: ManualClock, ms: number): void {
  const now = clock.now.bind(clock);
  clock.now = () => now() + 10 * D;
  clock.advanceSync(ms);
}

/** A message is announced, and lost on its way. */
function loseOne(redis: FakeRedis): void {
  redis.subscriber.link = 'broken';
  redis.mutate();
  redis.subscriber.link = 'open';
}

describe('a bus in good health', () => {
  it('delivers what others announce, and proves itself six times in D (P3, P4)', async () => {
    const { redis, clock, heard } = await proven();
    redis.mutate({ keys: [':a', '@n:b'], stamps: ['t:x'] });
    expect(heard.messages).toEqual([{ keys: [':a', '@n:b'], stamps: ['t:x'] }]);
    const fromMs = clock.now();
    await clock.advance(D);
    expect(heard.proofs.length).toBeGreaterThanOrEqual(6);
    expect(heard.proofs.length).toBeLessThanOrEqual(8);
    expect(heard.proofs.every((sinceMs) => sinceMs >= fromMs && sinceMs <= clock.now())).toBe(true);
    expect(heard.gaps).toEqual([]);
  });

  it('takes a question for its proof that was asked after the base was taken (P4)', async () => {
    const { redis, clock, bus } = fakeBus();
    const heard = recorder();
    redis.data.mode = 'held';
    bus.subscribe(heard, { maxStalenessMs: D });
    await clock.advance(10);
    const askedMs = clock.now();
    // Announced after the first question was asked, and lost: no gap can show it.
    loseOne(redis);
    await clock.advance(10);
    redis.data.release();
    await clock.advance(10);
    expect(heard.proofs).toHaveLength(1);
    expect(heard.proofs[0]).toBeGreaterThan(askedMs);
  });

  it('dates a proof when its question was asked (P4)', async () => {
    const { redis, clock, heard } = await proven();
    redis.data.mode = 'held';
    await clock.advance(170);
    const askedMs = clock.now();
    redis.data.execute();
    await clock.advance(D / 2);
    redis.data.release();
    await clock.advance(1);
    expect(heard.proofs).toHaveLength(1);
    expect(heard.proofs[0]).toBeLessThanOrEqual(askedMs);
  });

  it('does not go back to an answer that messages have overtaken', async () => {
    const { redis, clock, bus, heard } = await proven();
    const late = recorder();
    bus.subscribe(late, { maxStalenessMs: D });
    redis.data.mode = 'held';
    await clock.advance(200);
    redis.data.execute();
    redis.mutate();
    redis.data.release();
    redis.mutate();
    await clock.advance(D);
    expect(heard.gaps).toEqual([]);
    // The same for an answer that would have been the base.
    redis.subscriber.down();
    redis.data.mode = 'held';
    redis.subscriber.up();
    await clock.advance(10);
    redis.data.execute();
    redis.mutate();
    redis.data.release();
    await clock.advance(0);
    redis.mutate();
    await clock.advance(D);
    expect(heard.gaps).toEqual(['closed']);
  });

  it('sends at most ten commands a second, however short D is', async () => {
    const { redis, clock, bus } = fakeBus();
    bus.subscribe(recorder(), { maxStalenessMs: 1 });
    await clock.advance(10_000);
    const { MGET = 0, TIME = 0 } = redis.data.sent;
    expect(MGET).toBeGreaterThan(70);
    expect(MGET + TIME).toBeLessThanOrEqual(102);
  });

  it('proves itself once and is then quiet with D = Infinity, until a gap', async () => {
    const { redis, clock, heard } = await proven(Infinity);
    await clock.advance(3_600_000);
    expect(heard.proofs).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
    loseOne(redis);
    redis.mutate();
    await clock.advance(200);
    expect(heard.gaps).toEqual(['lost']);
    expect(heard.proofs).toHaveLength(1);
  });

  it('learns the clock of the server beside the heartbeat (S2)', async () => {
    const { serverClock, clock } = await proven();
    expect(serverClock.isKnown).toBe(true);
    await clock.advance(2000);
    expect(clock.now() - serverClock.learntMs).toBeLessThan(700);
  });

  it('keeps to the shortest D of its subscribers', async () => {
    const { redis, clock, bus, heard } = await proven(60_000);
    const quick = recorder();
    const subscription = bus.subscribe(quick, { maxStalenessMs: D });
    await clock.advance(D);
    expect(quick.proofs.length).toBeGreaterThanOrEqual(6);
    expect(heard.proofs).toEqual(quick.proofs);
    await subscription.close();
    redis.data.sent.MGET = 0;
    await clock.advance(20_000);
    expect(redis.data.sent.MGET).toBeLessThan(5);
    expect(redis.data.sent.MGET).toBeGreaterThan(0);
  });

  it('vouches to a later subscriber only for what has come since it listens', async () => {
    const { redis, clock, bus } = await proven();
    redis.data.mode = 'held';
    await clock.advance(170);
    redis.data.execute();
    const late = recorder();
    bus.subscribe(late, { maxStalenessMs: D });
    const joinedMs = clock.now();
    await clock.advance(1);
    redis.data.release();
    await clock.advance(300);
    expect(late.proofs.length).toBeGreaterThan(0);
    expect(Math.min(...late.proofs)).toBeGreaterThanOrEqual(joinedMs);
  });
});

describe('F5: the connection for messages is lost', () => {
  it('is a gap at once, and vouches again after a new base', async () => {
    const { redis, clock, heard } = await proven();
    const { subscriber } = redis;
    subscriber.down();
    expect(heard.gaps).toEqual(['closed']);
    redis.mutate();
    await clock.advance(5 * D);
    expect(heard.proofs).toEqual([]);
    const backMs = clock.now();
    subscriber.up();
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
    expect(Math.min(...heard.proofs)).toBeGreaterThanOrEqual(backMs);
    redis.mutate();
    expect(heard.messages).toHaveLength(1);
  });

  it('does not let an answer from before stand for what came after', async () => {
    const { redis, clock, heard } = await proven();
    redis.data.mode = 'held';
    await clock.advance(170);
    redis.data.execute();
    redis.subscriber.down();
    redis.mutate();
    const backMs = clock.now();
    redis.subscriber.up();
    await clock.advance(1);
    redis.data.release();
    await clock.advance(300);
    expect(Math.min(...heard.proofs)).toBeGreaterThanOrEqual(backMs);
  });

  it('takes no base before the server has confirmed', async () => {
    const { redis, clock, bus } = fakeBus();
    const heard = recorder();
    bus.subscribe(heard, { maxStalenessMs: D });
    redis.subscriber.confirming = false;
    await clock.advance(5 * D);
    expect(redis.data.sent.MGET).toBeUndefined();
    expect(heard.proofs).toEqual([]);
  });

  it('tries again where the server refuses, and connects where it was down', async () => {
    const { redis, clock, bus } = fakeBus();
    const heard = recorder();
    bus.subscribe(heard, { maxStalenessMs: D });
    redis.subscriber.refusing = new CacheError('NOPERM', 'STORE_FAILED');
    await clock.advance(5 * D);
    expect(heard.proofs).toEqual([]);
    redis.subscriber.refusing = null;
    await clock.advance(2 * D);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('stays quiet while commands fail, and no gap is made of it', async () => {
    const { redis, clock, heard } = await proven();
    redis.data.mode = 'failing';
    await clock.advance(10 * D);
    expect(heard.proofs).toEqual([]);
    expect(heard.gaps).toEqual([]);
    redis.data.mode = 'working';
    await clock.advance(D);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });
});

describe('F6: the connection for messages is half open', () => {
  it('vouches for nothing once something was announced, and takes another connection', async () => {
    const { redis, clock, heard } = await proven();
    const { subscriber } = redis;
    subscriber.link = 'held';
    redis.mutate();
    const announcedMs = clock.now();
    await clock.advance(D);
    expect(heard.gaps).toEqual(['silent']);
    expect(subscriber.pings).toBeGreaterThan(0);
    // Nothing else is announced, so that a new base could not be told from an old one: it waits for a sign of life.
    await clock.advance(400);
    expect(heard.proofs).toEqual([]);
    expect(subscriber.dropped).toEqual([]);
    await clock.advance(400);
    expect(subscriber.dropped).toHaveLength(1);
    expect(heard.gaps).toEqual(['silent', 'closed']);
    await clock.advance(300);
    expect(heard.proofs.at(-1)).toBeGreaterThan(announcedMs + D / 2);
  });

  it('is harmless when the bytes come after all', async () => {
    const { redis, clock, heard } = await proven();
    redis.subscriber.link = 'held';
    redis.mutate(names(':late'));
    await clock.advance(D);
    redis.subscriber.release();
    expect(heard.messages).toEqual([names(':late')]);
    redis.mutate(names(':next'));
    expect(heard.gaps).toEqual(['silent']);
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('reads what lies there first when the process itself was blocked', async () => {
    const { redis, clock, heard } = await proven();
    redis.subscriber.link = 'held';
    redis.mutate();
    await clock.advance(200);
    // The timer of the question is due in about 470 ms, and fires late.
    const timers = clock.pendingTimers;
    expect(timers).toBe(1);
    wakeLate(clock, 471);
    expect(heard.gaps).toEqual([]);
    redis.subscriber.release();
    await clock.advance(D);
    expect(heard.gaps).toEqual([]);
  });

  it('does not pile up questions that hang', async () => {
    const { redis, clock, heard } = await proven();
    redis.data.mode = 'held';
    redis.data.sent.MGET = 0;
    await clock.advance(10 * D);
    expect(redis.data.sent.MGET).toBeLessThanOrEqual(10);
    expect(heard.proofs).toEqual([]);
    const freshMs = clock.now();
    redis.data.release();
    await clock.advance(2 * D);
    expect(heard.proofs.length).toBeGreaterThan(0);
    // One that was given up on proves nothing when it is answered after all.
    expect(Math.min(...heard.proofs)).toBeGreaterThan(freshMs - D);
  });
});

describe('F7: one message is lost', () => {
  it('is a gap with the next message, which is delivered', async () => {
    const { redis, clock, heard } = await proven();
    loseOne(redis);
    expect(heard.gaps).toEqual([]);
    redis.mutate(names(':next'));
    expect(heard.gaps).toEqual(['lost']);
    expect(heard.messages).toEqual([names(':next')]);
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('is a gap within D where no other follows, and vouches for nothing in between', async () => {
    const { redis, clock, heard } = await proven();
    loseOne(redis);
    const lostMs = clock.now();
    await clock.advance(D - 1);
    expect(heard.gaps).toEqual(['silent']);
    const [gapAt = 0] = heard.proofs;
    expect(gapAt).toBeGreaterThan(lostMs + D / 2);
    expect(redis.subscriber.dropped).toEqual([]);
  });
});

describe('F8: messages are duplicated, reordered, unreadable, huge', () => {
  it('delivers a duplicate again, without a gap', async () => {
    const { redis, clock, heard } = await proven();
    redis.subscriber.link = 'held';
    redis.mutate(names(':a'));
    redis.mutate(names(':b'));
    const [first] = redis.subscriber.heldMessages;
    redis.subscriber.release();
    redis.subscriber.emit(first!);
    expect(heard.messages).toEqual([names(':a'), names(':b'), names(':a')]);
    await clock.advance(D);
    expect(heard.gaps).toEqual([]);
  });

  it('delivers reordered messages, at the price of a flush', async () => {
    const { redis, heard } = await proven();
    redis.subscriber.link = 'held';
    redis.mutate(names(':a'));
    redis.mutate(names(':b'));
    redis.subscriber.heldMessages.reverse();
    redis.subscriber.release();
    expect(heard.messages).toEqual([names(':b'), names(':a')]);
    expect(heard.gaps).toEqual(['lost']);
  });

  it('takes what it cannot read for a gap, and vouches again afterwards', async () => {
    const { redis, clock, heard } = await proven();
    redis.publish('?');
    expect(heard.gaps).toEqual(['unreadable']);
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
    redis.publish(Buffer.alloc(10_000_000, 0x7b));
    expect(heard.gaps).toEqual(['unreadable', 'unreadable']);
    expect(heard.messages).toEqual([]);
  });

  it('takes a message for a gap that has too many names, each time, but an own one', async () => {
    const { redis, bus, clock, heard } = await proven();
    const announce = (origin: string, operation = 1) =>
      redis.announce(`{"o":"${origin}","n":${operation},"k":"*","t":[]}`);
    const own = bus.own.begin();
    announce(OWN, own);
    bus.own.acknowledged(own);
    expect(heard.gaps).toEqual([]);
    announce(FOREIGN);
    announce(FOREIGN);
    // The numbers are in order: a heartbeat under way may vouch for what came before these.
    expect(heard.gaps).toEqual(['unreadable', 'unreadable']);
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
    const lost = bus.own.begin();
    announce(OWN, lost);
    bus.own.lost(lost);
    expect(heard.gaps).toHaveLength(3);
  });

  it('tells of a flood of gaps once, until it has vouched again (F31)', async () => {
    const { redis, clock, heard, bus } = await proven();
    for (let flood = 0; flood < 10_000; flood++) redis.publish('?');
    expect(heard.gaps).toEqual(['unreadable']);
    expect(bus.health.gaps.unreadable).toBe(10_000);
    await clock.advance(300);
    redis.publish('?');
    expect(heard.gaps).toEqual(['unreadable', 'unreadable']);
  });
});

describe('F13, F14: the server has lost its memory, or a part of it', () => {
  it('begins a sequence where there is none, and proves itself', async () => {
    const { redis, clock, bus } = fakeBus();
    redis.standing = null;
    const heard = recorder();
    bus.subscribe(heard, { maxStalenessMs: D });
    await clock.advance(500);
    expect(redis.standing).not.toBeNull();
    expect(heard.proofs.length).toBeGreaterThan(0);
    expect(heard.gaps).toEqual([]);
  });

  it('FLUSHALL is a gap within a heartbeat (F13)', async () => {
    const { redis, clock, heard } = await proven();
    redis.standing = null;
    await clock.advance(170);
    expect(heard.gaps).toEqual(['restarted']);
    await clock.advance(500);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('FLUSHALL is a gap also where the server does not write (F13, F15)', async () => {
    const { redis, clock, heard } = await proven();
    redis.standing = null;
    redis.data.mode = 'reading';
    await clock.advance(170);
    expect(heard.gaps).toEqual(['restarted']);
    redis.data.sent.EVALSHA = 0;
    await clock.advance(10 * D);
    expect(heard.proofs).toEqual([]);
    expect(redis.data.sent.EVALSHA).toBeLessThan(80);
  });

  it('FLUSHALL and a write by somebody else is a gap at once (F13)', async () => {
    const { redis, clock, heard } = await proven();
    redis.standing = null;
    redis.mutate();
    expect(heard.gaps).toEqual(['restarted']);
    await clock.advance(300);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('FLUSHALL and a new sequence whose beginning was lost is a gap (F13)', async () => {
    const { redis, clock, heard } = await proven();
    redis.standing = null;
    loseOne(redis);
    await clock.advance(170);
    expect(heard.gaps).toEqual(['restarted']);
  });

  it('a sequence lower than what was heard is a gap within a heartbeat (F14)', async () => {
    const { redis, clock, heard } = await proven();
    redis.mutate();
    redis.mutate();
    redis.standing = { epoch: 'e0', seq: redis.standing!.seq - 1 };
    await clock.advance(170);
    expect(heard.gaps).toEqual(['rewound']);
    await clock.advance(500);
    expect(heard.proofs.length).toBeGreaterThan(0);
  });

  it('a message after one that was not the last is a gap (F14)', async () => {
    const { redis, clock, heard } = await proven();
    redis.mutate();
    redis.mutate();
    redis.standing = { epoch: 'e0', seq: redis.standing!.seq - 1 };
    await clock.advance(1);
    redis.mutate();
    expect(heard.gaps).toEqual(['rewound']);
  });
});

describe('own announcements', () => {
  it('are not delivered, and are heard all the same (S4)', async () => {
    const { redis, clock, heard, bus } = await proven();
    const operation = bus.own.begin();
    redis.mutate({}, OWN, operation);
    bus.own.acknowledged(operation);
    redis.mutate({}, FOREIGN, 1);
    expect(heard.messages).toHaveLength(1);
    await clock.advance(D);
    expect(heard.gaps).toEqual([]);
  });

  it('are delivered, late as they may be, where the answer never came', async () => {
    const { redis, heard, bus } = await proven();
    const operation = bus.own.begin();
    bus.own.lost(operation);
    const next = bus.own.begin();
    bus.own.acknowledged(next);
    redis.mutate(names(':lost'), OWN, operation);
    redis.mutate(names(':next'), OWN, next);
    expect(heard.messages).toEqual([names(':lost')]);
  });

  it('are delivered at once where they came before the connection died', async () => {
    const { redis, heard, bus } = await proven();
    const operation = bus.own.begin();
    redis.mutate(names(':heard'), OWN, operation);
    expect(heard.messages).toEqual([]);
    bus.own.lost(operation);
    expect(heard.messages).toEqual([names(':heard')]);
  });
});

describe('subscriptions', () => {
  it('end without a sound: no call-back, no timer, no connection', async () => {
    const { redis, clock, heard, subscription } = await proven();
    redis.data.mode = 'held';
    await clock.advance(170);
    await subscription.close();
    redis.data.release();
    redis.mutate();
    await clock.advance(D);
    expect(heard).toMatchObject({ gaps: [], messages: [], proofs: [] });
    expect(redis.subscriber.disconnected).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    await subscription.close();
  });

  it('begin anew after the last has ended', async () => {
    const { redis, clock, bus, subscription } = await proven();
    await subscription.close();
    const again = recorder();
    bus.subscribe(again, { maxStalenessMs: D });
    await clock.advance(D);
    expect(redis.subscribers).toHaveLength(2);
    expect(again.proofs.length).toBeGreaterThan(0);
  });

  it('that throw are told of a gap and keep nobody from hearing', async () => {
    const { redis, clock, bus, heard } = await proven();
    const gaps: string[] = [];
    const fail = (): never => {
      throw new Error('broken');
    };
    bus.subscribe(
      { invalidated: fail, alive: fail, gap: (cause) => void gaps.push(cause) },
      { maxStalenessMs: D },
    );
    const other = recorder();
    bus.subscribe(other, { maxStalenessMs: D });
    redis.mutate();
    await clock.advance(D);
    expect(gaps).toEqual(['lost']);
    expect(heard.messages).toHaveLength(1);
    expect(other.messages).toHaveLength(1);
    expect(other.proofs.length).toBeGreaterThan(0);
  });

  it('may close in a call-back', async () => {
    const { redis, bus, clock } = fakeBus();
    const closed: Promise<void>[] = [];
    let calls = 0;
    const subscription = bus.subscribe(
      {
        invalidated: () => undefined,
        gap: () => undefined,
        alive: () => {
          calls += 1;
          closed.push(subscription.close());
        },
      },
      { maxStalenessMs: D },
    );
    await clock.advance(2 * D);
    await Promise.all(closed);
    redis.mutate();
    expect(calls).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a bus that publishes by itself', () => {
  it('tells all subscribers but the one who publishes', async () => {
    const parts = fakeBus({ announcedByStore: false });
    const other = fakeBus({ announcedByStore: false, redis: parts.redis });
    const [mine, beside, elsewhere] = [recorder(), recorder(), recorder()];
    const subscription = parts.bus.subscribe(mine, { maxStalenessMs: D });
    parts.bus.subscribe(beside, { maxStalenessMs: D });
    other.bus.subscribe(elsewhere, { maxStalenessMs: D });
    await parts.clock.advance(10);
    await subscription.publish(names(':a'));
    expect(mine.messages).toEqual([]);
    expect(beside.messages).toEqual([names(':a')]);
    expect(elsewhere.messages).toEqual([names(':a')]);
    await parts.clock.advance(D);
    expect([...mine.gaps, ...beside.gaps, ...elsewhere.gaps]).toEqual([]);
    await subscription.close();
    await expect(subscription.publish(names(':b'))).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('sends what is too long for one message in several', async () => {
    const { redis, bus, clock } = fakeBus({ announcedByStore: false });
    const heard = recorder();
    const subscription = bus.subscribe(recorder(), { maxStalenessMs: D });
    bus.subscribe(heard, { maxStalenessMs: D });
    await clock.advance(10);
    const keys = Array.from({ length: 50_000 }, (_, index) => `:${'"é'.repeat(20)}${index}`);
    await subscription.publish({ keys, stamps: ['t:x'] });
    expect(heard.messages.length).toBeGreaterThan(1);
    expect(heard.messages.flatMap((message) => message.keys)).toEqual(keys);
    expect(heard.messages.flatMap((message) => message.stamps)).toEqual(['t:x']);
    expect(heard.gaps).toEqual([]);
    redis.data.mode = 'failing';
    await expect(subscription.publish(names(':a'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('has nothing to do where the store announces', async () => {
    const { redis, subscription } = await proven();
    const before = redis.standing;
    await subscription.publish(names(':a'));
    expect(redis.standing).toBe(before);
  });
});
