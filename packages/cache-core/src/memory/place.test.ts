import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { lifeNow, makeTable, placeAt } from '../../test/memory-fixture.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function collectedWhen(isDone: () => boolean): Promise<boolean> {
  for (let round = 0; round < 50 && !isDone(); round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return isDone();
}

describe('names', () => {
  it('is one place for one name', () => {
    const { table } = makeTable();
    const users = table.root.child('users');
    expect(table.root.child('users')).toBe(users);
    expect(users.child('eu')).toBe(users.child('eu'));
    expect(users.child('eu')).not.toBe(table.root.child('eu'));
  });

  it('lists its stamps from the outside in', () => {
    const { table } = makeTable();
    expect(table.root.stamps).toEqual(['']);
    expect(placeAt(table, ['a', 'b/c']).stamps).toEqual(['', 'n:a', 'n:a/b\\/c']);
  });

  it('is found by its path, and by no other', () => {
    const { table } = makeTable();
    const places = [['a'], ['a', 'b'], ['a/b'], ['ab'], ['\\'], ['a', '\\/'], ['a:', '@']].map((names) =>
      placeAt(table, names),
    );
    for (const place of places) expect(table.root.find(place.path)).toBe(place);
    expect(new Set(places.map((place) => place.path)).size).toBe(places.length);
    expect(table.root.find('')).toBe(table.root);
    for (const path of ['b', 'a/', 'a/c', 'a/b/c', 'a\\', '/']) expect(table.root.find(path)).toBeUndefined();
  });

  it('is found among many without asking each of them', () => {
    const { table } = makeTable();
    const places = Array.from({ length: 5000 }, (_, index) => table.root.child(`tenant-${index}`));
    for (const place of places) expect(table.root.find(place.path)).toBe(place);
  });
});

describe('memory', () => {
  it('is forgotten when nobody looks at it and nothing is in it', async () => {
    const { table } = makeTable();
    // In a function of its own: no variable of this one keeps a place alive.
    const visit = (): void => {
      for (let index = 0; index < 100; index++) table.root.child(`n${index}`);
    };
    visit();
    expect(table.root.childCount).toBe(100);
    expect(await collectedWhen(() => table.root.childCount === 0)).toBe(true);
  });

  it('stays while it has entries, with its bounds, and goes with the last', async () => {
    const { table } = makeTable();
    const fill = (): void => {
      const place = table.root.child('kept');
      place.bounds = { maxEntries: 7, maxBytes: Infinity };
      table.put(place, 'k', 'v', lifeNow(table), false);
      table.root.child('empty');
    };
    fill();
    expect(await collectedWhen(() => table.root.childCount === 1)).toBe(true);
    const check = (): void => {
      const place = table.root.find('kept')!;
      expect(table.find(place, 'k')).toBe('v');
      expect(place.bounds?.maxEntries).toBe(7);
      table.remove(place, 'k');
    };
    check();
    expect(await collectedWhen(() => table.root.childCount === 0)).toBe(true);
  });

  it('stays while work is under way for it', async () => {
    const { table } = makeTable();
    const begin = (): void => {
      table.root.child('busy').hold('k');
    };
    begin();
    const held: { readonly release: () => void }[] = [];
    const hold = (): void => {
      const place = table.root.child('busier');
      const watch = place.hold('k');
      held.push({ release: () => place.release('k', watch) });
    };
    hold();
    // Nobody has hold of the one; of the other, whoever works on the key.
    expect(await collectedWhen(() => table.root.childCount === 1)).toBe(true);
    const letGo = (): void => held.pop()!.release();
    letGo();
    expect(await collectedWhen(() => table.root.childCount === 0)).toBe(true);
  });

  it('is born inside what was cleared around it', () => {
    const { table } = makeTable();
    const began = table.generations.now;
    table.clear(table.root);
    const place = placeAt(table, ['new', 'newer']);
    expect(place.admits(place.hold('k'), began)).toBe(false);
    expect(place.admits(place.hold('k'), table.generations.now)).toBe(true);
  });
});

describe('watches', () => {
  it('is one for all who work on a key, and goes when the last has let go', () => {
    const { table } = makeTable();
    const first = table.root.hold('k');
    expect(table.root.hold('k')).toBe(first);
    table.root.release('k', first);
    expect(table.root.watched('k')).toBe(first);
    table.root.release('k', first);
    expect(table.root.watched('k')).toBeUndefined();
    expect(table.root.watchCount).toBe(0);
  });

  it('costs nothing for keys that nobody works on', () => {
    const { table } = makeTable();
    const before = table.generations.now;
    for (let index = 0; index < 1000; index++) table.root.moveKey(`k${index}`);
    expect(table.root.watchCount).toBe(0);
    expect(table.generations.now).toBe(before);
  });

  it('leaves none behind after any order of holding, moving and letting go', () => {
    const { table } = makeTable();
    const held: (() => void)[] = [];
    for (let step = 0; step < 500; step++) {
      const key = `k${(step * 7) % 11}`;
      const watch = table.root.hold(key);
      held.push(() => table.root.release(key, watch));
      if (step % 3 === 0) table.root.moveKey(key);
      if (step % 2 === 0) held.splice((step * 13) % held.length, 1)[0]!();
    }
    for (const release of held) release();
    expect(table.root.watchCount).toBe(0);
  });

  it('poisons and unlinks what is under way, and admits what begins afterwards', () => {
    const { table } = makeTable();
    const place = table.root.child('n');
    const watch = place.hold('k');
    const asOf = table.generations.now;
    watch.read = { asOf };
    watch.load = { asOf };
    place.moveKey('k');
    expect(place.admits(watch, asOf)).toBe(false);
    expect(watch).toMatchObject({ read: null, load: null });
    expect(place.admits(watch, table.generations.now)).toBe(true);
  });

  it('admits nothing that began before its place, or one around it, was cleared', () => {
    const { table } = makeTable();
    const inner = placeAt(table, ['outer', 'inner']);
    const watch = inner.hold('k');
    for (const cleared of [inner, table.root.child('outer'), table.root]) {
      const asOf = table.generations.now;
      expect(inner.admits(watch, asOf)).toBe(true);
      table.clear(cleared);
      expect(inner.admits(watch, asOf)).toBe(false);
    }
    const asOf = table.generations.now;
    table.clear(table.root.child('other'));
    table.clear(inner.child('deeper'));
    expect(inner.admits(watch, asOf)).toBe(true);
  });
});
