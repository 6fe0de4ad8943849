import { once } from 'node:events';
import { createServer } from 'node:net';
import { CacheErrorCode } from '@larder/cache-core';
import { freePort, waitFor } from '@larder/store-testkit/services';
import { describe, expect, it } from 'vitest';

describe('waitFor', () => {
  it('answers what the condition answers once it holds', async () => {
    let asked = 0;
    expect(await waitFor(() => (++asked === 3 ? 'three' : null), { intervalMs: 0 })).toBe('three');
    expect(asked).toBe(3);
  });

  it('takes an error for not yet, and gives it as the cause in the end', async () => {
    let asked = 0;
    const later = async (): Promise<boolean> => {
      if (++asked < 3) throw new Error('too early');
      return true;
    };
    expect(await waitFor(later)).toBe(true);
    const never = (): boolean => {
      throw new Error('never');
    };
    const waiting = waitFor(never, { timeoutMs: 20, what: 'a miracle' });
    await expect(waiting).rejects.toMatchObject({
      code: CacheErrorCode.OPERATION_TIMEOUT,
      message: expect.stringContaining('Waited 20 ms for a miracle, in vain'),
      cause: new Error('never'),
    });
  });

  it('looks once more after a block that outlasts the time', async () => {
    let holds = false;
    const waiting = waitFor(() => holds, { timeoutMs: 10 });
    const untilMs = performance.now() + 30;
    while (performance.now() < untilMs);
    holds = true;
    expect(await waiting).toBe(true);
  });

  it('refuses options that cannot be', async () => {
    await expect(waitFor(() => true, { timeoutMs: 0 })).rejects.toThrow(/timeoutMs must be/);
    await expect(waitFor(() => true, { timeout: 1 } as never)).rejects.toThrow(/Did you mean/);
  });
});

describe('freePort', () => {
  it('answers ports that can be listened on, outside of those for outgoing connections', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(15_000);
      expect(port).toBeLessThan(32_000);
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
    }
  });
});
