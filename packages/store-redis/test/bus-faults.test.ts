import { CacheError, type ManualClock } from '@larder/cache-core';
import { describe, expect, it } from 'vitest';
import { D, fakeBus, loseOne, names, proven, recorder } from './bus-rig.ts';

/** The event loop stands still: what falls due within `ms` finds that it is much later. */
function wakeLate(clock: ManualClock, ms: number): void {
  const now = clock.now.bind(clock);
  clock.now = () => now() + 10 * D;
  clock.advanceSync(ms);
}

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
    expect(redis.data.sent.mget).toBeUndefined();
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
    redis.data.sent.mget = 0;
    await clock.advance(10 * D);
    expect(redis.data.sent.mget).toBeLessThanOrEqual(10);
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
