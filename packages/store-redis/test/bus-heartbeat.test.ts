import { describe, expect, it } from 'vitest';
import { D, fakeBus, loseOne, proven, recorder } from './bus-rig.ts';

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

  it('vouches for a message after it has delivered it', async () => {
    const { redis, clock, heard } = await proven();
    redis.subscriber.link = 'held';
    redis.mutate();
    await clock.advance(200);
    expect(heard.proofs).toEqual([]);
    let deliveredBefore = 0;
    heard.proofs.push = () => {
      deliveredBefore = heard.messages.length;
      return 0;
    };
    redis.subscriber.release();
    expect(deliveredBefore).toBe(1);
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
    const { mget = 0, time = 0 } = redis.data.sent;
    expect(mget).toBeGreaterThan(70);
    expect(mget + time).toBeLessThanOrEqual(102);
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
    redis.data.sent.mget = 0;
    await clock.advance(20_000);
    expect(redis.data.sent.mget).toBeLessThan(5);
    expect(redis.data.sent.mget).toBeGreaterThan(0);
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
