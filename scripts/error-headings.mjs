// docs/errors.md has one heading for each error code, in the same order, and none besides.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './workspace.mjs';

const built = join(root, 'packages', 'cache-core', 'dist', 'errors', 'error-code.js');
const { CacheErrorCode } = await import(pathToFileURL(built).href);
const codes = Object.keys(CacheErrorCode);

const text = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
const headings = [...text.matchAll(/^#{2,3} `?([A-Z][A-Z0-9_]+)`?\s*$/gm)].map((match) => match[1]);

const missing = codes.filter((code) => !headings.includes(code));
const unknown = headings.filter((heading) => !codes.includes(String(heading)));
const repeated = headings.filter((heading, index) => headings.indexOf(heading) !== index);
const values = codes.filter((code) => CacheErrorCode[code] !== code);

/** @type {[string, readonly unknown[]][]} */
const complaints = [
  ['docs/errors.md lacks a heading for', missing],
  ['docs/errors.md has a heading for a code that does not exist:', unknown],
  ['docs/errors.md has two headings for', repeated],
  ['error-code.ts gives a code another value than its name:', values],
];
const found = complaints.filter(([, names]) => names.length > 0);
for (const [what, names] of found) console.error(`${what} ${names.join(', ')}`);
if (found.length === 0) console.log(`${codes.length} error codes, each with its heading.`);
process.exitCode = found.length === 0 ? 0 : 1;
