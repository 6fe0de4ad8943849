import { describe, expect, it } from 'vitest';
import { clientPart, inMessages, MAX_MESSAGE_BYTES, readAnnouncement } from './bus-message.ts';

const PART = '{"o":"0123456789abcdef","n":7,"k":[":a","@n:b"],"t":["t:x"]}';
const GOOD = `0123456789ab 16 17 ${PART}`;

function read(message: string | Buffer) {
  return readAnnouncement(Buffer.from(message));
}

describe('readAnnouncement', () => {
  it('reads what a script has announced', () => {
    expect(read(GOOD)).toEqual({
      epoch: '0123456789ab',
      prev: 16,
      seq: 17,
      origin: '0123456789abcdef',
      operation: 7,
      names: { keys: [':a', '@n:b'], stamps: ['t:x'] },
    });
    expect(read('ab 0 17 {"o":"","n":0,"k":[],"t":[]}')).toMatchObject({ prev: 0, operation: 0 });
  });

  it('passes over members that it does not know, values among them (F37)', () => {
    const smuggled = GOOD.replace('"n":7', '"n":7,"v":{"value":1},"__proto__":{"k":[":evil"]},"then":1');
    expect(read(smuggled)).toEqual(read(GOOD));
    expect(({} as { k?: unknown }).k).toBeUndefined();
  });

  it('believes nothing of a message that is cut off at any byte (F8)', () => {
    for (let length = 0; length < GOOD.length; length++) expect(read(GOOD.slice(0, length))).toBeNull();
  });

  it.each([
    ['one byte', '\0'],
    ['null', 'null'],
    ['an object', '{}'],
    ['an array', '[]'],
    ['text', 'flush everything'],
    ['no UTF-8', Buffer.alloc(64, 0xff)],
    [
      'no UTF-8 in a key',
      Buffer.concat([Buffer.from(GOOD.slice(0, 60)), Buffer.from([0xff]), Buffer.from(GOOD.slice(61))]),
    ],
    ['another format before it', `2 ${GOOD}`],
    ['something behind it', `${GOOD}{}`],
    ['a seq that is no number', GOOD.replace(' 17 ', ' NaN ')],
    ['a negative seq', GOOD.replace(' 17 ', ' -17 ')],
    ['a fraction', GOOD.replace(' 17 ', ' 17.5 ')],
    ['a seq of 2^53', GOOD.replace(' 17 ', ' 9007199254740992 ')],
    ['a seq of 2^63', GOOD.replace(' 17 ', ' 9223372036854775808 ')],
    ['a prev above the seq', GOOD.replace(' 16 17 ', ' 18 17 ')],
    ['a prev that is the seq', GOOD.replace(' 16 17 ', ' 17 17 ')],
    ['no epoch', GOOD.replace('0123456789ab ', ' ')],
    ['an epoch of other letters', GOOD.replace('0123456789ab ', 'xyz ')],
    ['no origin', GOOD.replace('"o"', '"O"')],
    ['an origin that is a number', GOOD.replace('"0123456789abcdef"', '1')],
    ['an operation that is a string', GOOD.replace('"n":7', '"n":"7"')],
    ['no keys', GOOD.replace('"k"', '"K"')],
    ['keys that are an object', GOOD.replace('[":a","@n:b"]', '{"length":1,"0":":a"}')],
    ['keys that are not strings', GOOD.replace('":a"', '1')],
    ['stamps that are a string', GOOD.replace('["t:x"]', '"t:x"')],
    ['deep nesting', `ab 1 2 {"o":${'['.repeat(100_000)}`],
    ['nesting that closes', GOOD.replace('[":a","@n:b"]', '['.repeat(1e5) + ']'.repeat(1e5))],
    ['10 MB', GOOD.replace('":a"', `":${'a'.repeat(1e7)}"`)],
    ['a million keys', GOOD.replace('":a"', Array(1e6).fill('"a"').join(','))],
  ])('takes %s for unreadable (F8)', (_what, message) => {
    expect(read(message)).toBeNull();
  });
});

describe('clientPart', () => {
  it('is what readAnnouncement reads, of any names', () => {
    const names = { keys: [':"\\\n\u2028é', ':__proto__', ': 1 2 {'], stamps: ['', 'n:a', 't:t'] };
    expect(read(`ab 1 2 ${clientPart('f'.repeat(16), 3, names)}`)).toMatchObject({
      names,
      origin: 'f'.repeat(16),
      operation: 3,
    });
  });

  it('says that everything is concerned where the names are too many', () => {
    const part = clientPart('ab', 3, { keys: [`:${'a'.repeat(MAX_MESSAGE_BYTES)}`], stamps: [] });
    expect(part.length).toBeLessThan(100);
    expect(read(`ab 1 2 ${part}`)).toMatchObject({ origin: 'ab', operation: 3, names: null });
  });
});

describe('inMessages', () => {
  it('leaves alone what fits', () => {
    const names = { keys: [':a'], stamps: [] };
    expect(inMessages(names)).toEqual([names]);
    expect(inMessages({ keys: [], stamps: [] })).toHaveLength(1);
  });

  it('cuts, in order, into parts that each fit into a message', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `:${index}${'"\n'.repeat(32_000)}`);
    const stamps = Array.from({ length: 10_000 }, (_, index) => `t:${index}`);
    const parts = inMessages({ keys, stamps });
    expect(parts.length).toBeGreaterThan(3);
    expect(parts.flatMap((part) => part.keys)).toEqual(keys);
    expect(parts.flatMap((part) => part.stamps)).toEqual(stamps);
    for (const part of parts) {
      const message = `${'a'.repeat(32)} ${'9'.repeat(15)} ${'9'.repeat(16)} ${clientPart('a'.repeat(16), 2 ** 53 - 1, part)}`;
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
      expect(message).not.toContain('"k":"*"');
    }
  });
});
