import type { BusGap, BusMessage, BusSubscriber, ManualClock } from '@larder/cache-core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type FakeRedis, OWN } from './bus-double.ts';
import { D, fakeBus } from './bus-rig.ts';

const KEYS = [':a', ':b'] as const;
type Key = (typeof KEYS)[number];

/** What the server has held under each key, and since when. */
class Source {
  readonly #clock: ManualClock;
  readonly #held = new Map<Key, { readonly value: number; readonly sinceMs: number }[]>();
  #values = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    for (const key of KEYS) this.change(key);
  }

  change(key: Key): void {
    const all = this.#held.get(key) ?? [];
    this.#values += 1;
    all.push({ value: this.#values, sinceMs: this.#clock.now() });
    this.#held.set(key, all);
  }

  read(key: Key): number {
    return this.#held.get(key)!.at(-1)!.value;
  }

  /** For how long the value has not been the one; 0 while it is. */
  stalenessMs(key: Key, value: number): number {
    const all = this.#held.get(key)!;
    const next = all[all.findIndex((one) => one.value === value) + 1];
    return next === undefined ? 0 : this.#clock.now() - next.sinceMs;
  }
}

interface Copy {
  readonly value: number;
  readonly startedMs: number;
  poisoned: boolean;
}

/** What a hub does with its bus: the L1 lease, S6 and the poison of `cache-core`, in small. */
class Memory implements BusSubscriber {
  readonly #clock: ManualClock;
  readonly #source: Source;
  readonly #copies = new Map<Key, Copy>();
  readonly #reading = new Map<Key, Copy>();
  #validUntilMs = 0;
  #fromMs = Infinity;
  /** Answers that rest on the bus alone. */
  vouchedHits = 0;

  constructor(clock: ManualClock, source: Source) {
    this.#clock = clock;
    this.#source = source;
  }

  invalidated({ keys }: BusMessage): void {
    for (const key of keys) this.purge(key as Key);
  }

  gap(_cause: BusGap): void {
    this.#validUntilMs = 0;
    this.#fromMs = Infinity;
    for (const key of KEYS) this.purge(key);
  }

  alive(sinceMs: number): void {
    if (this.#fromMs === Infinity) this.#fromMs = sinceMs;
    this.#validUntilMs = Math.max(this.#validUntilMs, sinceMs + D);
  }

  purge(key: Key): void {
    this.#copies.delete(key);
    const reading = this.#reading.get(key);
    if (reading !== undefined) reading.poisoned = true;
  }

  /** Reads the server; the answer is on its way. */
  read(key: Key): void {
    this.#reading.set(key, { value: this.#source.read(key), startedMs: this.#clock.now(), poisoned: false });
  }

  /** The answer is here. */
  land(key: Key): void {
    const copy = this.#reading.get(key);
    this.#reading.delete(key);
    if (copy !== undefined && !copy.poisoned) this.#copies.set(key, copy);
  }

  /** What a caller would get without a question to the server. */
  peek(key: Key): number | null {
    const copy = this.#copies.get(key);
    if (copy === undefined) return null;
    const nowMs = this.#clock.now();
    const { startedMs, value } = copy;
    const isYoung = nowMs < startedMs + D;
    if (!isYoung && (nowMs >= this.#validUntilMs || startedMs < this.#fromMs)) return null;
    if (!isYoung) this.vouchedHits += 1;
    return value;
  }
}

class World {
  readonly redis: FakeRedis;
  readonly clock: ManualClock;
  readonly source: Source;
  readonly memory: Memory;
  readonly #bus;
  /** Own operations whose connection hangs. */
  readonly #hanging: { operation: number; key: Key; done: boolean }[] = [];
  /** Own operations whose connection died before they were carried out. */
  readonly #late: { operation: number; key: Key }[] = [];

  constructor() {
    const { redis, clock, bus } = fakeBus();
    this.redis = redis;
    this.clock = clock;
    this.#bus = bus;
    this.source = new Source(clock);
    this.memory = new Memory(clock, this.source);
    bus.subscribe(this.memory, { maxStalenessMs: D });
  }

  mutate(key: Key): void {
    this.source.change(key);
    this.redis.mutate({ keys: [key] });
  }

  mutateOwn(key: Key): void {
    if (this.#hanging.length > 0) return;
    this.memory.purge(key);
    const operation = this.#bus.own.begin();
    this.source.change(key);
    this.redis.mutate({ keys: [key] }, OWN, operation);
    this.#bus.own.acknowledged(operation);
    this.memory.purge(key);
  }

  /** An own mutation is sent over a connection that does not answer from now on. */
  hang(key: Key): void {
    this.redis.data.mode = 'held';
    this.memory.purge(key);
    this.#hanging.push({ operation: this.#bus.own.begin(), key, done: false });
  }

  carryOut(): void {
    for (const hanging of this.#hanging) {
      if (hanging.done) continue;
      hanging.done = true;
      this.#execute(hanging);
    }
  }

  /** The connection dies. What was not carried out is so later, or never. */
  die(): void {
    this.redis.data.die();
    for (const hanging of this.#hanging.splice(0)) {
      this.#bus.own.lost(hanging.operation);
      this.memory.purge(hanging.key);
      if (!hanging.done) this.#late.push(hanging);
    }
  }

  carryOutLate(): void {
    for (const late of this.#late.splice(0)) this.#execute(late);
  }

  /** Answers come in order: none before that of a hanging operation. */
  answer(): void {
    if (this.#hanging.length === 0) this.redis.data.release();
  }

  lose(key: Key): void {
    const { subscriber } = this.redis;
    const { link } = subscriber;
    subscriber.link = 'broken';
    this.mutate(key);
    subscriber.link = link;
  }

  /** One mutation of so many keys that its message names none. */
  mutateAll(): void {
    for (const key of KEYS) this.source.change(key);
    this.redis.announce('{"o":"","n":1,"k":"*","t":[]}');
  }

  flushAll(): void {
    this.redis.standing = null;
    for (const key of KEYS) this.source.change(key);
  }

  async heal(): Promise<void> {
    if (this.#hanging.length > 0) this.die();
    this.redis.data.release();
    this.redis.subscriber.up();
    this.redis.subscriber.release();
    await this.clock.advance(300);
  }

  #execute({ operation, key }: { operation: number; key: Key }): void {
    this.source.change(key);
    this.redis.mutate({ keys: [key] }, OWN, operation);
  }
}

type Step = readonly [name: string, run: (world: World) => unknown];

const key = fc.constantFrom(...KEYS);

function keyed(name: string, run: (world: World, of: Key) => unknown): fc.Arbitrary<Step> {
  return key.map((of): Step => [`${name} ${of}`, (world) => run(world, of)]);
}

function plain(name: string, run: (world: World) => unknown): fc.Arbitrary<Step> {
  return fc.constant([name, run] as Step);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: keyed('read and keep', ({ memory }, of) => {
      memory.read(of);
      memory.land(of);
    }),
  },
  { weight: 3, arbitrary: keyed('read', (world, of) => world.memory.read(of)) },
  { weight: 3, arbitrary: keyed('land', (world, of) => world.memory.land(of)) },
  { weight: 3, arbitrary: keyed('mutate', (world, of) => world.mutate(of)) },
  { weight: 1, arbitrary: keyed('mutate, message lost', (world, of) => world.lose(of)) },
  { weight: 1, arbitrary: keyed('own mutation', (world, of) => world.mutateOwn(of)) },
  { weight: 1, arbitrary: keyed('own mutation that hangs', (world, of) => world.hang(of)) },
  { weight: 1, arbitrary: plain('carry out', (world) => world.carryOut()) },
  { weight: 1, arbitrary: plain('die', (world) => world.die()) },
  { weight: 1, arbitrary: plain('carry out late', (world) => world.carryOutLate()) },
  { weight: 1, arbitrary: plain('hold messages', ({ redis }) => (redis.subscriber.link = 'held')) },
  { weight: 2, arbitrary: plain('release messages', ({ redis }) => redis.subscriber.release()) },
  {
    weight: 1,
    arbitrary: plain('lose held ones', ({ redis }) => redis.subscriber.heldMessages.splice(0, 1)),
  },
  {
    weight: 1,
    arbitrary: plain('reverse held ones', ({ redis }) => redis.subscriber.heldMessages.reverse()),
  },
  {
    weight: 1,
    arbitrary: plain('repeat held ones', ({ redis: { subscriber } }) =>
      subscriber.heldMessages.push(...subscriber.heldMessages),
    ),
  },
  { weight: 1, arbitrary: plain('subscriber down', ({ redis }) => redis.subscriber.down()) },
  { weight: 3, arbitrary: plain('subscriber up', ({ redis }) => redis.subscriber.up()) },
  { weight: 1, arbitrary: plain('hold commands', ({ redis }) => (redis.data.mode = 'held')) },
  { weight: 2, arbitrary: plain('execute commands', ({ redis }) => redis.data.execute()) },
  { weight: 3, arbitrary: plain('answer commands', (world) => world.answer()) },
  { weight: 1, arbitrary: plain('mutate all', (world) => world.mutateAll()) },
  { weight: 1, arbitrary: plain('rubbish', ({ redis }) => redis.publish('e0 1 2 {')) },
  { weight: 1, arbitrary: plain('FLUSHALL', (world) => world.flushAll()) },
  { weight: 8, arbitrary: plain('heal', (world) => world.heal()) },
  {
    weight: 14,
    arbitrary: fc
      .constantFrom(1, 20, 90, 170, 400, 700, 1100)
      .map((ms): Step => [`${ms} ms`, ({ clock }) => clock.advance(ms)]),
  },
);

it('never lets memory answer what has been out of date for D, whatever happens to messages and commands (P4)', async () => {
  let vouchedHits = 0;
  const steps = fc.array(step, { minLength: 5, maxLength: 80, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const world = new World();
      await world.clock.advance(5);
      for (const [, run] of schedule) {
        await run(world);
        // No two things happen at the very same moment.
        await world.clock.advance(0.01);
        for (const of of KEYS) {
          const value = world.memory.peek(of);
          if (value === null) continue;
          expect(world.source.stalenessMs(of, value)).toBeLessThan(D);
        }
      }
      vouchedHits += world.memory.vouchedHits;
    }),
    { numRuns: 1000 },
  );
  // A bus that never vouched for anything would pass as well.
  expect(vouchedHits).toBeGreaterThan(1000);
}, 60_000);
