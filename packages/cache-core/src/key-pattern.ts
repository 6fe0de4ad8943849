/**
 * A test for keys that match a pattern: `*` is any run of characters, `?` one character, `\` takes the next character
 * as it is. Linear in the key for each `*`; no regular expression, so no pattern can run away.
 */
export function patternMatcher(pattern: string): (key: string) => boolean {
  const tokens = tokenize(pattern);
  if (tokens.every((token) => token.kind === 'text')) {
    const text = tokens.map((token) => token.text).join('');
    return (key) => key === text;
  }
  return (key) => matches(tokens, Array.from(key));
}

interface Token {
  readonly kind: 'text' | 'one' | 'run';
  readonly text: string;
}

function tokenize(pattern: string): Token[] {
  const tokens: Token[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === '\\') escaped = true;
    else {
      const kind = escaped ? 'text' : character === '*' ? 'run' : character === '?' ? 'one' : 'text';
      tokens.push({ kind, text: character });
      escaped = false;
    }
  }
  if (escaped) tokens.push({ kind: 'text', text: '\\' });
  return tokens;
}

/** The greedy match with one point to come back to: the latest run. */
function matches(tokens: readonly Token[], characters: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let lastRun = -1;
  let resumeAt = 0;
  while (at < characters.length) {
    const current = tokens[token];
    if (current?.kind === 'run') {
      lastRun = token;
      resumeAt = at;
      token += 1;
    } else if (current !== undefined && (current.kind === 'one' || current.text === characters[at])) {
      token += 1;
      at += 1;
    } else if (lastRun >= 0) {
      token = lastRun + 1;
      resumeAt += 1;
      at = resumeAt;
    } else return false;
  }
  while (tokens[token]?.kind === 'run') token += 1;
  return token === tokens.length;
}
