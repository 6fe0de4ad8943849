import { describe, expect, it } from 'vitest';
import { CacheErrorCode } from '../errors/error-code.ts';
import type { Place } from '../memory/place.ts';
import { callWatched, refuseRecursion } from './recursion.ts';

const [here, there] = [{}, {}] as [Place, Place];
const wanting = { place: here, covers: (key: string) => key === 'a' };
const refused = expect.objectContaining({ code: CacheErrorCode.INVALID_CONFIGURATION });

describe('recursion', () => {
  it('is refused while the loader of the key is being called', () => {
    callWatched(wanting, () => {
      expect(() => refuseRecursion(here, 'a')).toThrow(refused);
      callWatched({ place: there, covers: () => true }, () =>
        expect(() => refuseRecursion(here, 'a')).toThrow(refused),
      );
      expect(() => refuseRecursion(here, 'b')).not.toThrow();
      expect(() => refuseRecursion(there, 'a')).not.toThrow();
    });
    expect(() => refuseRecursion(here, 'a')).not.toThrow();
  });

  it('is forgotten after a loader that throws', () => {
    expect(() =>
      callWatched(wanting, () => {
        throw new Error('source');
      }),
    ).toThrow('source');
    expect(() => refuseRecursion(here, 'a')).not.toThrow();
  });
});
