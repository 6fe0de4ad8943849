import { ManualClock } from '@larder/cache-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ServerClock, timeReply } from './server-clock.ts';

interface Reading {
  /** How far the server's clock is ahead of ours. */
  readonly aheadMs: number;
  readonly thereMs: number;
  readonly backMs: number;
}

async function read(clock: ManualClock, server: ServerClock, reading: Reading): Promise<void> {
  const sentMs = clock.now();
  await clock.advance(reading.thereMs);
  const serverUs = (clock.now() + reading.aheadMs) * 1000;
  await clock.advance(reading.backMs);
  server.learn(serverUs, sentMs);
}

const aheadIn = (clock: ManualClock, server: ServerClock) => server.nowUs() / 1000 - clock.now();

describe('ServerClock', () => {
  it('knows nothing before the first reading, nor after it was told to forget', async () => {
    const clock = new ManualClock();
    const server = new ServerClock(clock);
    expect(server.isKnown).toBe(false);
    await read(clock, server, { aheadMs: 5000, thereMs: 1, backMs: 1 });
    expect(server.isKnown).toBe(true);
    server.forget();
    expect([server.isKnown, server.nowUs()]).toStrictEqual([false, 0]);
  });

  it('goes on with our monotonic clock', async () => {
    const clock = new ManualClock();
    const server = new ServerClock(clock);
    await read(clock, server, { aheadMs: 1e9, thereMs: 1, backMs: 0 });
    await clock.advance(60_000);
    expect(aheadIn(clock, server)).toBeCloseTo(1e9, 3);
  });

  it('is never early, and late by no more than the quickest way back (P8)', async () => {
    const way = fc.nat({ max: 300 });
    const reading = fc.record({ aheadMs: fc.constant(1000), thereMs: way, backMs: way });
    await fc.assert(
      fc.asyncProperty(fc.array(reading, { minLength: 1 }), async (readings) => {
        const clock = new ManualClock();
        const server = new ServerClock(clock);
        for (const one of readings) await read(clock, server, one);
        const lateMs = 1000 - aheadIn(clock, server);
        expect(lateMs).toBeGreaterThanOrEqual(-1e-3);
        expect(lateMs).toBeLessThanOrEqual(Math.min(...readings.map(({ backMs }) => backMs)) + 1e-3);
      }),
    );
  });

  it.each([60_000, -60_000])(
    'follows a server whose clock was set by %d ms, at once (F26)',
    async (stepMs) => {
      const clock = new ManualClock();
      const server = new ServerClock(clock);
      await read(clock, server, { aheadMs: 0, thereMs: 1, backMs: 1 });
      await read(clock, server, { aheadMs: stepMs, thereMs: 100, backMs: 100 });
      expect(aheadIn(clock, server)).toBeCloseTo(stepMs - 100, 3);
    },
  );

  it('takes nothing from an answer that is none', () => {
    const server = new ServerClock(new ManualClock());
    for (const reply of [null, 'x', [], ['a', 'b'], [1]]) server.learn(timeReply(reply), 0);
    expect(server.isKnown).toBe(false);
    expect(timeReply([Buffer.from('1700000000'), Buffer.from('5')])).toBe(1_700_000_000_000_005);
  });
});
