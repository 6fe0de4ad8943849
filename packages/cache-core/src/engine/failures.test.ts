import { describe, expect, it } from 'vitest';
import { Failures } from './failures.ts';

const until = (keptUntilMs: number, backoffUntilMs: number) => ({ error: 'x', keptUntilMs, backoffUntilMs });

describe('Failures', () => {
  it('remembers a failure until both its times are over', () => {
    const failures = new Failures();
    failures.set('a', until(10, 20));
    expect(failures.get('a', 9)?.error).toBe('x');
    expect(failures.get('a', 19)?.error).toBe('x');
    expect(failures.get('a', 20)).toBeUndefined();
    expect(failures.isEmpty).toBe(true);
  });

  it('forgets on demand', () => {
    const failures = new Failures();
    failures.set('a', until(10, 10));
    failures.set('b', until(10, 10));
    failures.delete('a');
    expect([failures.get('a', 0), failures.get('b', 0)?.error]).toEqual([undefined, 'x']);
    failures.clear();
    expect(failures.isEmpty).toBe(true);
  });

  it('is bounded: the oldest goes first', () => {
    const failures = new Failures();
    for (let at = 0; at <= 10_000; at++) failures.set(`k${at}`, until(10, 10));
    expect(failures.get('k0', 0)).toBeUndefined();
    expect(failures.get('k1', 0)).toBeDefined();
    failures.set('k1', until(20, 20));
    failures.set('new', until(10, 10));
    expect([failures.get('k1', 0), failures.get('k2', 0)]).toEqual([expect.anything(), undefined]);
  });
});
