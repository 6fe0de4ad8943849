import { expect, it } from 'vitest';
import { SlowSource } from './slow-source.ts';
import { sourceValue } from './source-value.ts';

it('answers values of the size that was asked for, whatever the key', () => {
  for (const key of ['k', 'a long key indeed', 'schlüssel', '日本']) {
    expect(Buffer.byteLength(sourceValue(key, 3, 100).body)).toBe(100);
  }
});

it('counts what it was asked for, and knows its own values from others', async () => {
  const source = new SlowSource(1, 20);
  const value = await source.read('a');
  source.check('a', value);
  expect(source.loads).toBe(1);
  expect(() => source.check('b', value)).toThrow("asked for version 0 of 'b', answered was version 0 of 'a'");
  expect(() => source.check('a', { ...value, body: '' })).toThrow('wrong value');
  expect(() => source.check('a', null)).toThrow('answered was null');
});

it('takes an old value for a wrong one once the key has changed', async () => {
  const source = new SlowSource(0, 20);
  const old = await source.read('a');
  source.change('a');
  expect(() => source.check('a', old)).toThrow("asked for version 1 of 'a', answered was version 0 of 'a'");
  source.check('a', await source.read('a'));
});

it('lets nobody wait once it is closed', async () => {
  const source = new SlowSource(60_000, 20);
  const waiting = source.read('a');
  source.close();
  await expect(waiting).rejects.toMatchObject({ name: 'SourceClosed' });
  expect(() => source.read('a')).toThrow('closed');
});
