import { escapeGlob } from '../key-layout.ts';

/**
 * A glob of Redis that finds at least what a key pattern matches. `?` is any character there and any byte here, so it becomes `*`;
 * what is found is matched again by the pattern itself.
 */
export function globOf(pattern: string): string {
  let glob = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at]!;
    if (character === '*' || character === '?') glob += '*';
    else if (character !== '\\') glob += escapeGlob(character);
    else if (at + 1 < pattern.length) {
      at += 1;
      glob += escapeGlob(pattern[at]!);
    } else glob += '*';
  }
  return glob.replace(/(?<!\\)\*{2,}/g, '*');
}
