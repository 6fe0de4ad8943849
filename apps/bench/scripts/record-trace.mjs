// Records `traces/compiler-lookups.txt.gz`: every file, folder and link that the TypeScript compiler looks up while it
// checks the packages and apps of this workspace and then builds them, one compilation after the other, as
// `pnpm check` does. The compiler's own cache of module resolutions is off, because a cache is what the trace is for:
// with it every look-up would come once in a compilation, and least recently used would never hit.
// One look-up a line, `<operation> <path from the workspace's root>`. Writes its figures into `traces/README.md`.
//
//   pnpm --filter @larder/bench record-trace
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const file = fileURLToPath(new URL('../traces/compiler-lookups.txt.gz', import.meta.url));

/** The operations of `ts.sys` that go to the disk. */
const OPERATIONS = /** @type {const} */ ([
  'fileExists',
  'readFile',
  'directoryExists',
  'getDirectories',
  'realpath',
]);

/** @type {string[]} */
const lookUps = [];

/** What lies outside the workspace is left out: it would tell where the workspace lies. */
function record(/** @type {string} */ operation, /** @type {string} */ path) {
  const inside = relative(root, join(root, isAbsolute(path) ? relative(root, path) : path))
    .split(sep)
    .join('/');
  if (inside !== '' && !inside.startsWith('..')) lookUps.push(`${operation} ${inside}`);
}

/** @type {ts.System} */
const recordingSystem = { ...ts.sys };
for (const operation of OPERATIONS) {
  const original = ts.sys[operation];
  if (original === undefined) continue;
  Object.assign(recordingSystem, {
    [operation]: (/** @type {string} */ path, /** @type {unknown[]} */ ...rest) => {
      record(operation, path);
      return Reflect.apply(original, ts.sys, [path, ...rest]);
    },
  });
}

/** The compiler's own host remembers what it has looked up; this one asks the disk each time. */
/** @type {ts.ModuleResolutionHost} */
const resolutionHost = {
  fileExists: recordingSystem.fileExists,
  readFile: recordingSystem.readFile,
  directoryExists: recordingSystem.directoryExists,
  getDirectories: recordingSystem.getDirectories,
  ...(recordingSystem.realpath && { realpath: recordingSystem.realpath }),
  getCurrentDirectory: () => root,
  useCaseSensitiveFileNames: true,
};

/** Compiles one configuration as `tsc -p` does, without writing anything. */
function compile(/** @type {string} */ config) {
  /** @type {ts.ParseConfigFileHost} */
  const parseHost = {
    ...recordingSystem,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
      throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, ' '));
    },
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(config, { noEmit: true }, parseHost);
  if (parsed === undefined) throw new Error(`${relative(root, config)} cannot be read`);
  const host = ts.createIncrementalCompilerHost(parsed.options, recordingSystem);
  host.resolveModuleNameLiterals = (literals, containingFile, redirected, options, sourceFile) =>
    literals.map((literal) => {
      const mode = ts.getModeForUsageLocation(sourceFile, literal, options);
      return ts.resolveModuleName(
        literal.text,
        containingFile,
        options,
        resolutionHost,
        undefined,
        redirected,
        mode,
      );
    });
  ts.createProgram({ rootNames: parsed.fileNames, options: parsed.options, host });
}

const members = ['packages', 'apps'].flatMap((group) =>
  existsSync(join(root, group))
    ? readdirSync(join(root, group))
        .sort()
        .map((name) => join(root, group, name))
    : [],
);

for (const config of ['tsconfig.json', 'tsconfig.build.json']) {
  for (const member of members) {
    const path = join(member, config);
    if (!existsSync(path)) continue;
    const before = lookUps.length;
    compile(path);
    console.log(`${relative(root, path)}: ${(lookUps.length - before).toLocaleString('en-US')} look-ups`);
  }
}

const zipped = gzipSync(`${lookUps.join('\n')}\n`, { level: 9 });
// The header's operating system byte is the only one that differs between machines.
zipped[9] = 0xff;
writeFileSync(file, zipped);

/** @type {Map<string, number>} */
const times = new Map();
for (const lookUp of lookUps) times.set(lookUp, (times.get(lookUp) ?? 0) + 1);
const keys = times.size;
const once = [...times.values()].filter((count) => count === 1).length;

/** The share of look-ups that a cache of so many entries hits, least recently used leaving first. */
function lruHits(/** @type {number} */ capacity) {
  const kept = new Set();
  let hits = 0;
  for (const lookUp of lookUps) {
    if (kept.delete(lookUp)) hits++;
    kept.add(lookUp);
    if (kept.size > capacity) kept.delete(kept.keys().next().value);
  }
  return hits / lookUps.length;
}

const count = (/** @type {number} */ n) => n.toLocaleString('en-US');
const percent = (/** @type {number} */ share, digits = 1) => `${(share * 100).toFixed(digits)} %`;
const capacities = [0.01, 0.1, 0.5].map((share) => Math.ceil(keys * share));
const rows = [
  ['look-ups', count(lookUps.length)],
  ['different keys', count(keys)],
  ['seen once', percent(once / keys, 0)],
  ['most that any cache can hit', percent(1 - keys / lookUps.length)],
  ...capacities.map((entries) => [
    `least recently used, ${count(entries)} entries`,
    percent(lruHits(entries)),
  ]),
  ['compressed', `${(zipped.length / 1000).toFixed(0)} kB`],
].map(([name, figure]) => `| ${name} | ${figure} |`);
console.log(rows.join('\n'));

const readme = fileURLToPath(new URL('../traces/README.md', import.meta.url));
const table = /(\| --: \|\n)(\|.*\n)+/;
writeFileSync(readme, readFileSync(readme, 'utf8').replace(table, `$1${rows.join('\n')}\n`));
