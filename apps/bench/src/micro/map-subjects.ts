// oxlint-disable typescript/await-thenable -- what is measured is the work of a caller who awaits, as callers of a cache do
import { type MicroSetup, type MicroSubject, type MicroValue, microValue } from './micro-subject.ts';

/** A `Map` has neither time to live nor bound: what no cache can be faster than. */
function filledMap({ keys }: MicroSetup): Map<string, MicroValue> {
  return new Map(keys.map((key, place) => [key, microValue(place)]));
}

export const mapAwaitedGet: MicroSubject = (setup) => {
  const map = filledMap(setup);
  const { reads } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = await map.get(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const mapGet: MicroSubject = (setup) => {
  const map = filledMap(setup);
  const { reads } = setup;
  return (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = map.get(reads[i] as string);
      sum += (value as MicroValue).n;
    }
    return sum;
  };
};

export const mapSet: MicroSubject = (setup) => {
  const map = filledMap(setup);
  const { reads } = setup;
  return async (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const value = microValue(i);
      await map.set(reads[i] as string, value);
      sum += value.n;
    }
    return sum;
  };
};
