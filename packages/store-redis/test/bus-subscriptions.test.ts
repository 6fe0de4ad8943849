import { describe, expect, it } from 'vitest';
import { FOREIGN, OWN } from './bus-double.ts';
import { D, fakeBus, names, proven, recorder } from './bus-rig.ts';

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

  it('may close in a call-back that throws', async () => {
    const { redis, bus, clock } = await proven();
    const gaps: string[] = [];
    const subscription = bus.subscribe(
      {
        invalidated: () => {
          void subscription.close();
          throw new Error('broken');
        },
        alive: () => undefined,
        gap: (cause) => void gaps.push(cause),
      },
      { maxStalenessMs: D },
    );
    redis.mutate();
    await clock.advance(D);
    expect(gaps).toEqual([]);
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
