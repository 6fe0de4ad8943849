/**
 * What every store meets sooner or later, in one place: the suites of all stores, the property tests and the fuzzers
 * begin with it. Expected of each: it works, or a typed error comes before any I/O; never a crash, a hang, another key's
 * value, or somebody else's key.
 */

/** Strings that are keys, however they look. Names of namespaces and tags may be any of them, too. */
export const goodKeys: readonly string[] = distinct([
  'a',
  'k'.repeat(249),
  'k'.repeat(250),
  'k'.repeat(251),
  `${'k'.repeat(250)}l`,
  'k'.repeat(255),
  'k'.repeat(256),
  'k'.repeat(300),
  'k'.repeat(65_535),
  'é'.repeat(32_767),
  ' ',
  ' a',
  'a ',
  '\t',
  '\r\n',
  'a\r\nset x 0 0 1\r\nZ\r\n',
  '\r\nflush_all\r\n',
  '\0',
  'a\0b',
  'a\0',
  ...Array.from({ length: 0x1f }, (_, at) => String.fromCharCode(at + 1)),
  '\x7f',
  ...Array.from({ length: 0x80 }, (_, at) => String.fromCharCode(at + 0x80)),
  '*',
  '?',
  '[a-z]',
  '[^x]',
  '\\',
  '\\\\',
  'a\\*',
  '{a}',
  '{}{b}',
  '}{',
  ':',
  '::',
  'a:b',
  'a:b:c',
  ':a',
  'a:',
  '/',
  'a/b',
  '@',
  '@a',
  '@a:b',
  'a@b',
  '\\:',
  '\\/',
  'a\\',
  'a\\:b',
  '../x',
  '%00',
  '%2e',
  'é',
  'e\u0301',
  'ß',
  'SS',
  'İ',
  'i',
  '\u200fx',
  '👩‍👩‍👧‍👦',
  '\u2028',
  '\ufffd',
  '\ufeffa',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'undefined',
  'null',
  'NaN',
  'true',
  '0',
  '-0',
  '1e21',
  'l:x',
  't:x',
  'n:x',
  's',
  'c',
  'v:x',
  'v@a:x',
  "'; DROP TABLE cache; --",
  '$1',
  '\\x00',
  'KEY',
  'key',
  '@larder/wrapped',
]);

/** What can be no key: to be refused with INVALID_KEY before any I/O. */
export const badKeys: readonly (readonly [string, unknown])[] = [
  ['an empty string', ''],
  ['65,536 bytes', 'k'.repeat(65_536)],
  ['65,536 bytes of two each', 'é'.repeat(32_768)],
  ['a megabyte', 'k'.repeat(1_048_576)],
  ['half of a surrogate pair', '\ud800'],
  ['the other half', '\udfff'],
  ['a half inside', 'a\ud83db'],
  ['undefined', undefined],
  ['null', null],
  ['NaN', Number.NaN],
  ['true', true],
  ['0', 0],
  ['-0', -0],
  ['1e21', 1e21],
  ['a bigint', 1n],
  ['a symbol', Symbol('key')],
  ['an object', {}],
  ['an array', ['a']],
  ['a String object', new String('a')],
  [
    'an object that throws',
    {
      toString: () => {
        throw new Error('toString called');
      },
    },
  ],
  ['a function', () => 'a'],
];

/** Values that memory hands back as they are, and other stores equal or refuse. */
export const goodValues: readonly (readonly [string, unknown])[] = [
  ['null', null],
  ['0', 0],
  ['-0', -0],
  ["''", ''],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['2^53 - 1', 2 ** 53 - 1],
  ['2^53 + 2', 2 ** 53 + 2],
  ['2^64', 2n ** 64n],
  ['-2^64', -(2n ** 64n)],
  ['a date', new Date(8.64e15)],
  ['an invalid date', new Date(Number.NaN)],
  [
    'a map',
    new Map<unknown, unknown>([
      [{ a: 1 }, new Map()],
      ['x', new Set([1])],
    ]),
  ],
  ['an empty set', new Set()],
  ['an empty buffer', Buffer.alloc(0)],
  ['a slice of a pool', Buffer.from('pooled').subarray(1, 3)],
  ['floats', new Float64Array([1, -0, Number.NaN])],
  ['an array buffer', new ArrayBuffer(8)],
  ['a data view', new DataView(new ArrayBuffer(8), 2, 4)],
  ['a regular expression', /a+/gi],
  ['a URL', new URL('https://example.com/a?b#c')],
  ['an error', new AggregateError([new Error('inner')], 'outer', { cause: 'why' })],
  ['a sparse array', Object.assign([], { 3: 'x' })],
  ['a frozen object', Object.freeze({ a: Object.freeze([1]) })],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
  ['a lone surrogate', '\ud800'],
  ['64 kB', 'x'.repeat(65_536)],
  ['__proto__ as a key', JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}}')],
  ['what looks like a buffer', { type: 'Buffer', data: [1, 2] }],
  ['what looks like a date', { $date: '2020-01-01' }],
  ['what looks like a wrapper', { '@larder/wrapped': 'x', value: 1 }],
  // biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
  ['then that is no function', { then: 5 }],
  ['deep', deep(1000)],
];

/** What can be no value: to be refused with INVALID_VALUE before any I/O. */
export const badValues: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['a function', () => 1],
  ['a class', class {}],
  ['a symbol', Symbol('value')],
  ['a promise', Promise.resolve(1)],
  // biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
  ['a thenable', { then: () => undefined }],
];

/** Objects that do harm when they are looked at closely; memory only holds them. */
export function trickyValues(): readonly (readonly [string, unknown])[] {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  return [
    ['a cycle', cyclic],
    [
      'a getter that throws',
      {
        get a() {
          throw new Error('read');
        },
      },
    ],
    [
      'toJSON that throws',
      {
        toJSON: () => {
          throw new Error('toJSON');
        },
      },
    ],
    ['a proxy', new Proxy({}, {})],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap');
          },
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      ),
    ],
    ['a revoked proxy', revoked.proxy],
    [
      'then that throws',
      {
        // biome-ignore lint/suspicious/noThenProperty: thenables are what is tested
        get then() {
          throw new Error('then');
        },
      },
    ],
    ['a generator', (function* () {})()],
    ['a weak map', new WeakMap()],
  ];
}

/** What can be no length of time. */
export const badDurations: readonly unknown[] = [
  -1,
  Number.NaN,
  -Infinity,
  '5',
  '1 hour',
  'h',
  '-1s',
  '',
  'Infinity',
  null,
  true,
  {},
  [],
  new Date(),
  5n,
  () => 5,
];

/** Lengths of time that work, in milliseconds. */
export const goodDurations: readonly (readonly [number | string, number])[] = [
  [0.5, 500],
  [2 ** 31, 2 ** 31 * 1000],
  ['1h', 3_600_000],
  ['1.5s', 1500],
  ['250ms', 250],
  [30 * 86_400 + 1, 2_592_001_000],
  [0.0001, 1],
];

/** Secrets as they come in options; none may show anywhere. */
export const SECRET = 's3cr3t-p@ss/w:rd';
export const secretUrls: readonly string[] = [
  `redis://user:${SECRET}@localhost:6379`,
  `redis://:${encodeURIComponent(SECRET)}@[::1]:6379`,
  `postgres://app:${SECRET}@db/cache?password=${SECRET}`,
  `rediss://user:${SECRET}@h1,h2`,
];

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}
