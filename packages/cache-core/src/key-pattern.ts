/** In a parsed pattern: any run of characters, and any one. All else is a code point. */
const RUN = -1;
const ONE = -2;
const BACKSLASH = 0x5c;

/**
 * A test for keys that match a pattern: `*` is any run of characters, `?` one character, `\` takes the next character
 * as it is, and itself at the end. A character is a code point. No regular expression, so no pattern can run away: the
 * time grows with the length of the key times that of the longest part between two `*`.
 */
export function patternMatcher(pattern: string): (key: string) => boolean {
  const parts = parse(pattern);
  return parts.every((part) => part === RUN) && parts.length > 0 ? () => true : (key) => matches(parts, key);
}

function parse(pattern: string): number[] {
  const parts: number[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === '\\') escaped = true;
    else {
      const isRun = !escaped && character === '*';
      const isOne = !escaped && character === '?';
      parts.push(isRun ? RUN : isOne ? ONE : character.codePointAt(0)!);
      escaped = false;
    }
  }
  if (escaped) parts.push(BACKSLASH);
  return parts;
}

/** The greedy match with one point to come back to: the latest run. */
function matches(parts: readonly number[], key: string): boolean {
  let part = 0;
  let at = 0;
  let afterRun = -1;
  let resumeAt = 0;
  while (at < key.length) {
    const expected = parts[part];
    const point = key.codePointAt(at)!;
    if (expected === RUN) {
      part += 1;
      afterRun = part;
      resumeAt = at;
      if (part === parts.length) return true;
    } else if (expected === ONE || expected === point) {
      part += 1;
      at += widthOf(point);
    } else if (afterRun >= 0) {
      part = afterRun;
      resumeAt += widthOf(key.codePointAt(resumeAt)!);
      at = resumeAt;
    } else return false;
  }
  while (parts[part] === RUN) part += 1;
  return part === parts.length;
}

/** Units of UTF-16. */
function widthOf(point: number): number {
  return point > 0xffff ? 2 : 1;
}
