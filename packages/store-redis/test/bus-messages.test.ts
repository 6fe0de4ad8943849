import { describe, expect, it } from 'vitest';
import { FOREIGN, OWN } from './bus-double.ts';
import { D, fakeBus, loseOne, names, proven, recorder } from './bus-rig.ts';

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

  it('takes no second gap for the number of a message that it could not read', async () => {
    const { redis, clock, heard } = await proven();
    redis.announce('{');
    redis.mutate();
    await clock.advance(D);
    expect(heard.gaps).toEqual(['unreadable']);
  });

  it('vouches for nothing by a question from before what it could not read', async () => {
    const { redis, clock, heard } = await proven();
    redis.publish('?');
    redis.data.mode = 'held';
    await clock.advance(10);
    redis.data.release();
    await clock.advance(0);
    redis.data.mode = 'held';
    await clock.advance(165);
    redis.data.execute();
    redis.announce('{');
    const unreadMs = clock.now();
    await clock.advance(1);
    redis.data.release();
    await clock.advance(D);
    expect(heard.proofs.length).toBeGreaterThan(0);
    expect(Math.min(...heard.proofs)).toBeGreaterThan(unreadMs);
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
    // The message that begins the sequence names nothing.
    expect(heard.messages).toEqual([]);
  });

  it('FLUSHALL is a gap also where the server does not write (F13, F15)', async () => {
    const { redis, clock, heard } = await proven();
    redis.standing = null;
    redis.data.mode = 'reading';
    await clock.advance(170);
    expect(heard.gaps).toEqual(['restarted']);
    redis.data.sent.evalsha = 0;
    await clock.advance(10 * D);
    expect(heard.proofs).toEqual([]);
    expect(redis.data.sent.evalsha).toBeLessThan(80);
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
