import { type BusGap, type BusMessage, type BusSubscriber, ManualClock } from '@larder/cache-core';
import { silentLogger } from '@larder/cache-core/store';
import { expect } from 'vitest';
import { AnnouncementBus } from '../src/bus/announcement-bus.ts';
import { ScriptRunner } from '../src/connection/script-runner.ts';
import { ServerClock } from '../src/connection/server-clock.ts';
import { FakeRedis, FakeSubscriber, LAYOUT, OWN } from './bus-double.ts';

export interface Heard {
  readonly gaps: BusGap[];
  readonly messages: BusMessage[];
  /** The moments up to which nothing is missing. */
  readonly proofs: number[];
}

/** A subscriber that writes down what it hears. */
export function recorder(): BusSubscriber & Heard {
  const gaps: BusGap[] = [];
  const messages: BusMessage[] = [];
  const proofs: number[] = [];
  return {
    gaps,
    messages,
    proofs,
    gap: (cause) => void gaps.push(cause),
    invalidated: (message) => void messages.push(message),
    alive: (sinceMs) => void proofs.push(sinceMs),
  };
}

export function fakeBus(options: { announcedByStore?: boolean; origin?: string; redis?: FakeRedis } = {}) {
  const { announcedByStore = true, origin = OWN, redis = new FakeRedis(new ManualClock()) } = options;
  const { clock, data } = redis;
  const serverClock = new ServerClock(clock);
  const bus = new AnnouncementBus({
    data,
    openSubscriber: () => new FakeSubscriber(redis),
    layout: LAYOUT,
    origin,
    clock,
    logger: silentLogger,
    runner: new ScriptRunner(data),
    serverClock,
    announcedByStore,
  });
  return { redis, clock, bus, serverClock };
}

/** D of these tests. */
export const D = 1000;

/** A bus that one subscriber listens to, and that has been proven once. */
export async function proven(maxStalenessMs = D) {
  const parts = fakeBus();
  const heard = recorder();
  const subscription = parts.bus.subscribe(heard, { maxStalenessMs });
  await parts.clock.advance(10);
  expect(heard.proofs).toHaveLength(1);
  heard.proofs.length = 0;
  return { ...parts, heard, subscription };
}

export function names(key: string) {
  return { keys: [key], stamps: [] };
}

/** A message is announced, and lost on its way. */
export function loseOne(redis: FakeRedis): void {
  redis.subscriber.link = 'broken';
  redis.mutate();
  redis.subscriber.link = 'open';
}
