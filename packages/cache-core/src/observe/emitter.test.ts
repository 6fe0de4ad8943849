import { describe, expect, it, vi } from 'vitest';
import { Emitter } from './emitter.ts';

interface Events {
  readonly hit: { readonly key: string };
  readonly miss: { readonly key: string };
  readonly error: { readonly error: unknown };
}

function makeEmitter() {
  const onListenerError = vi.fn();
  return { emitter: new Emitter<Events>(['hit', 'miss', 'error'], onListenerError), onListenerError };
}

const EVENT = { key: 'k' };

describe('Emitter', () => {
  it('hands an event to its listeners, in order', () => {
    const { emitter } = makeEmitter();
    const heard: string[] = [];
    emitter
      .on('hit', ({ key }) => heard.push(`first ${key}`))
      .on('hit', ({ key }) => heard.push(`second ${key}`));
    emitter.on('miss', () => heard.push('miss'));
    emitter.emit('hit', EVENT);
    expect(heard).toEqual(['first k', 'second k']);
  });

  it('is active, and listens, while somebody listens', () => {
    const { emitter } = makeEmitter();
    const listener = vi.fn();
    expect([emitter.active, emitter.listens('hit')]).toEqual([false, false]);
    emitter.on('hit', listener);
    expect([emitter.active, emitter.listens('hit'), emitter.listens('miss')]).toEqual([true, true, false]);
    emitter.once('miss', listener);
    emitter.off('hit', listener);
    expect([emitter.active, emitter.listens('hit')]).toEqual([true, false]);
    emitter.emit('miss', EVENT);
    expect([emitter.active, emitter.listens('miss')]).toEqual([false, false]);
  });

  it('calls a once listener once, even where it emits the same event', () => {
    const { emitter } = makeEmitter();
    const heard: string[] = [];
    emitter.on('hit', ({ key }) => {
      if (key === 'outer') emitter.emit('hit', { key: 'inner' });
    });
    emitter.once('hit', ({ key }) => heard.push(key));
    emitter.emit('hit', { key: 'outer' });
    emitter.emit('hit', { key: 'later' });
    expect(heard).toEqual(['inner']);
  });

  it('calls a listener added twice twice, and takes the last one off first', () => {
    const { emitter } = makeEmitter();
    const heard: string[] = [];
    const listener = (): number => heard.push('same');
    emitter
      .on('hit', listener)
      .on('hit', () => heard.push('between'))
      .on('hit', listener);
    emitter.emit('hit', EVENT);
    emitter.off('hit', listener);
    emitter.emit('hit', EVENT);
    expect(heard).toEqual(['same', 'between', 'same', 'same', 'between']);
  });

  it('takes a once listener off by the function it was given', () => {
    const { emitter } = makeEmitter();
    const listener = vi.fn();
    emitter.once('hit', listener).off('hit', listener).off('hit', listener);
    emitter.emit('hit', EVENT);
    expect(listener).not.toHaveBeenCalled();
  });

  it('tells those who listened when the event began, whatever is added and removed meanwhile', () => {
    const { emitter } = makeEmitter();
    const heard: string[] = [];
    const second = (): number => heard.push('second');
    emitter.on('hit', () => {
      heard.push('first');
      emitter.off('hit', second);
      emitter.once('hit', () => heard.push('added'));
    });
    emitter.on('hit', second);
    emitter.emit('hit', EVENT);
    expect(heard).toEqual(['first', 'second']);
    emitter.emit('hit', EVENT);
    expect(heard).toEqual(['first', 'second', 'first', 'added']);
  });

  it('reports a listener that throws, and goes on', () => {
    const { emitter, onListenerError } = makeEmitter();
    const error = new Error('bad listener');
    const after = vi.fn();
    emitter.on('hit', () => {
      throw error;
    });
    emitter.on('hit', after);
    emitter.emit('hit', EVENT);
    expect(onListenerError).toHaveBeenCalledExactlyOnceWith(error, 'hit');
    expect(after).toHaveBeenCalledOnce();
  });

  it('reports a listener that rejects, and one that answers a thenable that throws', async () => {
    const { emitter, onListenerError } = makeEmitter();
    const error = new Error('bad listener');
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: what is tested
      then() {
        throw error;
      },
    };
    emitter.on('hit', () => Promise.reject(error)).on('hit', () => thenable);
    emitter.emit('hit', EVENT);
    await Promise.resolve();
    expect(onListenerError.mock.calls).toEqual([
      [error, 'hit'],
      [error, 'hit'],
    ]);
  });

  it('survives a report that throws, and is silent about errors nobody listens to', () => {
    const { emitter, onListenerError } = makeEmitter();
    onListenerError.mockImplementation(() => {
      throw new Error('log is full');
    });
    emitter.on('hit', () => {
      throw new Error('bad listener');
    });
    emitter.emit('hit', EVENT);
    emitter.emit('error', { error: new Error('unheard') });
  });

  it('refuses an unknown event, listing the names', () => {
    const { emitter } = makeEmitter();
    for (const name of ['hti', '__proto__', 'constructor', '', 5, Symbol('hit')]) {
      expect(() => emitter.on(name as 'hit', () => undefined)).toThrow(
        'must be one of hit, miss, error; got ',
      );
      expect(() => emitter.once(name as 'hit', () => undefined)).toThrow();
      emitter.off(name as 'hit', () => undefined);
    }
    expect(emitter.active).toBe(false);
  });

  it('refuses a listener that is no function', () => {
    const { emitter } = makeEmitter();
    expect(() => emitter.on('hit', undefined as never)).toThrow(
      "The listener of 'hit' must be a function; got undefined.",
    );
  });
});
