import { CacheError } from '../errors/cache-error.ts';
import { CacheErrorCode } from '../errors/error-code.ts';
import { corruptEntry } from './corrupt-entry.ts';
import type { DependencyVersion, EntryMeta } from './entry-meta.ts';
import { NameReader } from './name-reader.ts';

/** The most tags, and the most dependencies, of one entry. */
const MAX_NAMES = 10_000;
const MAX_TEXT_BYTES = 65_535;

export const NO_NAMES: readonly string[] = Object.freeze([]);
export const NO_DEPENDENCIES: readonly DependencyVersion[] = Object.freeze([]);

/** The part of an envelope that most entries do not need. */
export interface EnvelopeExtras {
  readonly keyId: string;
  readonly tags: readonly string[];
  readonly dependencies: readonly DependencyVersion[];
}

/*
 * length u32 | key id text | tag count u16, tags text | dependency count u16, (name text, version text)
 * text = length in bytes u16, UTF-8. All numbers big-endian. The length counts itself.
 */

/** Bytes that the extras of an entry take; 0 where it has none. @throws CacheError `INVALID_CONFIGURATION` */
export function extrasLength(meta: EntryMeta, keyId: string): number {
  const { tags = NO_NAMES, dependencies = NO_DEPENDENCIES } = meta;
  if (tags.length === 0 && dependencies.length === 0 && keyId === '') return 0;
  checkCount(tags.length, 'tags');
  checkCount(dependencies.length, 'dependencies');
  let length = 8 + textLength(keyId, 'A key id');
  for (const tag of tags) length += textLength(tag, 'A tag');
  for (const dependency of dependencies) {
    length +=
      textLength(dependency.name, "A dependency's name") +
      textLength(dependency.version, "A dependency's version");
  }
  return length;
}

/** Writes the extras at `start`, where `length` bytes have been made room for. */
export function writeExtras(
  target: Buffer,
  start: number,
  length: number,
  meta: EntryMeta,
  keyId: string,
): void {
  const { tags = NO_NAMES, dependencies = NO_DEPENDENCIES } = meta;
  let at = target.writeUInt32BE(length, start);
  at = writeText(target, at, keyId);
  at = target.writeUInt16BE(tags.length, at);
  for (const tag of tags) at = writeText(target, at, tag);
  at = target.writeUInt16BE(dependencies.length, at);
  for (const { name, version } of dependencies) at = writeText(target, writeText(target, at, name), version);
}

/** Reads the extras that begin at `start` and must end at `end`. @throws CacheError `CORRUPT_ENTRY` */
export function readExtras(bytes: Buffer, start: number, end: number): EnvelopeExtras {
  const reader = new NameReader(bytes, start + 4, end);
  const keyId = reader.text();
  const tagCount = reader.count(MAX_NAMES);
  const tags = tagCount === 0 ? NO_NAMES : Array.from({ length: tagCount }, () => reader.text());
  const dependencyCount = reader.count(MAX_NAMES);
  const dependencies =
    dependencyCount === 0
      ? NO_DEPENDENCIES
      : Array.from({ length: dependencyCount }, () => ({ name: reader.text(), version: reader.text() }));
  if (!reader.atEnd()) throw corruptEntry('header', 'bytes follow the tags');
  return { keyId, tags, dependencies };
}

function checkCount(count: number, what: string): void {
  if (count <= MAX_NAMES) return;
  throw new CacheError(
    `An entry can have at most ${MAX_NAMES} ${what}; got ${count}. Use fewer, wider ones.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { limit: MAX_NAMES, count } },
  );
}

function textLength(text: string, what: string): number {
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes <= MAX_TEXT_BYTES) return 2 + bytes;
  throw new CacheError(
    `${what} can have at most ${MAX_TEXT_BYTES} UTF-8 bytes; got ${bytes}. Use a digest of it.`,
    CacheErrorCode.INVALID_CONFIGURATION,
    { details: { limit: MAX_TEXT_BYTES, bytes } },
  );
}

function writeText(target: Buffer, at: number, text: string): number {
  const bytes = target.write(text, at + 2, 'utf8');
  target.writeUInt16BE(bytes, at);
  return at + 2 + bytes;
}
