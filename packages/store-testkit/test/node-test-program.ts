import { describeStore } from '../src/node-test.ts';
import { plainHarness } from './harnesses.ts';

/** Judges a store with node:test; run by a test, in a process of its own, with the name of what is wrong with the store. */
const [fault] = process.argv.slice(2);

describeStore(
  plainHarness((store) => {
    const { set } = store;
    if (fault === 'forgets the ttl') {
      store.set = (key, value, ttl) => set.call(store, key, value, ttl === 0 ? 0 : Infinity);
    }
    if (fault === 'forgets a rejection') {
      store.set = async (key, value, ttl) => {
        await set.call(store, key, value, ttl);
        if (key === 'b') void Promise.reject(new Error('nobody looks at me'));
      };
    }
  }),
);
