import { describe, expect, it } from 'vitest';
import { ManualLoader, type Process, Processes } from './races-processes.ts';
import { settled } from './schedule-steps.ts';

/** A process whose bus proves itself only when the test says so. */
function leased(processes: Processes, options = {}): Process {
  const process = processes.start(options);
  process.subscriber.gap('closed');
  process.subscriber.alive(processes.clock.now());
  return process;
}

describe('P4 never staler than D', () => {
  it.each(['lost', 'closed', 'silent', 'rewound', 'unreadable', 'restarted'] as const)(
    'F5 F7 F13 F14 a gap (%s) empties memory at once',
    async (cause) => {
      const processes = new Processes();
      const [one, other] = [processes.start(), processes.start()];
      await one.cache.set('k', 'old', { tags: ['t'] });
      await one.cache.namespace('n').set('k', 'old');
      const held = processes.holdMessages(one);
      await other.cache.clear();
      held.lose();
      expect(one.cache.peek('k')).toBe('old');
      one.subscriber.gap(cause);
      expect(one.cache.peek('k')).toBeUndefined();
      expect(one.cache.namespace('n').peek('k')).toBeUndefined();
      expect(await one.cache.get('k')).toBeNull();
      expect(one.cache.stats().flushes).toEqual({ [cause]: 1 });
    },
  );

  it('F5 memory serves again once the bus is back', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = processes.start();
    await one.cache.set('k', 'value');
    one.subscriber.gap('closed');
    clock.advanceSync(5000);
    expect(await one.cache.get('k')).toBe('value');
    one.subscriber.alive(clock.now());
    expect(await one.cache.get('k')).toBe('value');
    clock.advanceSync(999);
    expect(one.cache.peek('k')).toBe('value');
  });

  it('F7 a gap poisons what is under way: loads, reads and sets', async () => {
    const processes = new Processes();
    const one = processes.start();
    const loader = new ManualLoader<string>();
    const loading = one.cache.get('loaded', loader.load);
    await settled();
    await processes.start().cache.set('read', 'old');
    processes.slow(one);
    const reading = one.cache.get('read');
    const setting = one.cache.set('set', 'old');
    await processes.steps.go('read takes place', 'write takes place');
    one.subscriber.gap('lost');
    one.subscriber.alive(processes.clock.now());
    processes.fast(one);
    loader.end('old');
    await processes.steps.goAll();
    await Promise.all([loading, reading, setting]);
    expect([one.cache.peek('loaded'), one.cache.peek('read'), one.cache.peek('set')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('F7 a gap has later callers load anew', async () => {
    const processes = new Processes();
    const one = processes.start({ bus: undefined });
    const loader = new ManualLoader<string>();
    const before = one.cache.get('k', loader.load, { leaseWait: 0 });
    await settled();
    one.subscriber.gap('lost');
    const after = one.cache.get('k', loader.load, { leaseWait: 0 });
    await settled();
    loader.end('old');
    loader.end('new');
    expect([await before, await after]).toEqual(['old', 'new']);
  });

  it('F6 F24 memory serves until D after the last proof, and not a moment longer, without a timer', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes);
    const other = processes.start();
    await one.cache.set('k', 'old');
    clock.advanceSync(600);
    one.subscriber.alive(clock.now() - 100);
    const held = processes.holdMessages(one);
    await other.cache.delete('k');
    held.lose();
    clock.advanceSync(899);
    expect(one.cache.peek('k')).toBe('old');
    expect(await one.cache.get('k')).toBe('old');
    clock.advanceSync(1);
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k')).toBeNull();
  });

  it('F24 a process that slept for half a minute goes to the store first', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes);
    const other = processes.start();
    await one.cache.setMany([
      { key: 'j', value: 'old' },
      { key: 'k', value: 'old' },
    ]);
    const held = processes.holdMessages(one);
    await other.cache.deleteMany(['j', 'k']);
    clock.advanceSync(30_000);
    expect(await one.cache.getMany(['j', 'k'])).toEqual([null, null]);
    held.deliver();
    one.subscriber.alive(clock.now());
    expect(await one.cache.getMany(['j', 'k'])).toEqual([null, null]);
  });

  it('F24 a lease on a key that ran out meanwhile refuses the fill', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const [one, other] = [processes.start(), processes.start()];
    const loader = new ManualLoader<string>();
    const sleeping = one.cache.get('k', loader.load);
    await settled();
    one.store.before = (operation) => {
      if (operation === 'renew') throw new Error('asleep');
    };
    await clock.advance(2001);
    expect(await other.cache.get('k', () => 'new')).toBe('new');
    loader.end('old');
    expect(await sleeping).toBe('old');
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k')).toBe('new');
  });

  it('what was bypassed does not come back with a late proof of the bus', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes);
    const other = processes.start();
    await one.cache.set('k', 'old');
    const held = processes.holdMessages(one);
    clock.advanceSync(1000);
    await other.cache.delete('k');
    expect(await one.cache.get('k')).toBeNull();
    // It was sent before the message that is still on its way.
    one.subscriber.alive(clock.now() - 500);
    expect(one.cache.peek('k')).toBeUndefined();
    expect(await one.cache.get('k')).toBeNull();
    held.deliver();
  });

  it('S6 without word of the bus an entry serves for D after the start of what brought it', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = processes.start();
    one.subscriber.gap('closed');
    const loader = new ManualLoader<string>();
    const loading = one.cache.get('k', loader.load);
    await clock.advance(400);
    loader.end('value');
    await loading;
    clock.advanceSync(599);
    expect(one.cache.peek('k')).toBe('value');
    clock.advanceSync(1);
    expect(one.cache.peek('k')).toBeUndefined();
  });

  it('a proof that arrives late does not shorten a later one', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes);
    await one.cache.set('k', 'value');
    clock.advanceSync(500);
    one.subscriber.alive(clock.now());
    one.subscriber.alive(clock.now() - 400);
    clock.advanceSync(900);
    expect(one.cache.peek('k')).toBe('value');
  });

  it('S12 known stamps of tags count as unknown without a live bus', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes, { l1: false });
    const other = processes.start();
    await other.cache.set('k', 'old', { tags: ['t'] });
    expect(await one.cache.get('k')).toBe('old');
    const held = processes.holdMessages(one);
    await other.cache.invalidateTag('t');
    held.lose();
    clock.advanceSync(1000);
    expect(await one.cache.get('k')).toBeNull();
  });

  it('D = Infinity trusts the bus for ever', async () => {
    const processes = new Processes();
    const { clock } = processes;
    const one = leased(processes, { maxStaleness: Number.POSITIVE_INFINITY });
    await one.cache.set('k', 'value');
    clock.advanceSync(3_600_000);
    expect(one.cache.peek('k')).toBe('value');
  });
});
