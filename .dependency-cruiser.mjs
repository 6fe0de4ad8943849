// What may import what: the floors of the design, as rules. `pnpm check` applies them to every package, app and example.
import { entries, members } from './scripts/workspace.mjs';

/** From the ground up. A package imports only from floors below its own, and never its neighbours. */
const floors = [
  ['cache-core'],
  ['store-testkit'],
  ['store-redis', 'store-memcached', 'store-postgres', 'strategies', 'tags', 'warming', 'decorators'],
  ['integration-cache', 'service-optimizer', 'platform-cache'],
];

const packages = members('packages').map(({ folder }) => folder.slice('packages/'.length));
const homeless = packages.filter((name) => !floors.flat().includes(name));
if (homeless.length > 0) {
  throw new Error(
    `No floor for packages/${homeless.join(', packages/')}: add it to floors in .dependency-cruiser.mjs.`,
  );
}

/** The test files that reach up to the kit: by path, since a dependency of the package would be a circle. */
const reachesUp = '^packages/cache-core/test/(shared-memory|hostile-input)\\.ts$';
const test = '(\\.test\\.ts$|\\.test-d\\.ts$|^[^/]+/[^/]+/test/)';
const anyOf = (/** @type {string[]} */ names) => `(${names.join('|')})`;

const floorRules = packages.map((name) => {
  const floor = floors.findIndex((residents) => residents.includes(name));
  const below = [...floors.slice(0, floor).flat(), name];
  return {
    name: `floors-${name}`,
    comment: `${name} stands on floor ${floor}: it may import from the floors below and from no neighbour.`,
    severity: 'error',
    from: { path: `^packages/${name}/`, pathNot: reachesUp },
    to: { path: '^packages/', pathNot: `^packages/${anyOf(below)}/` },
  };
});

const ownEntries = members('packages').flatMap((member) => entries(member).map(({ source }) => source));

const entryRules = [...members('packages'), ...members('apps'), ...members('examples')].map(({ folder }) => ({
  name: `public-entry-${folder}`,
  comment:
    'Another package is imported by its name and through its public entry, never by a path into its folder.',
  severity: 'error',
  from: { path: `^${folder}/`, pathNot: reachesUp },
  to: { path: '^packages/', pathNot: [`^${folder}/`, `^${anyOf(ownEntries)}$`] },
}));

const relativeRules = [...members('packages'), ...members('apps'), ...members('examples')].map(
  ({ folder }) => ({
    name: `by-name-${folder}`,
    comment: 'Another package is imported by its name, not by a relative path.',
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: reachesUp },
    to: { path: '^(packages|apps|examples)/', pathNot: `^${folder}/`, dependencyTypes: ['local'] },
  }),
);

export default {
  forbidden: [
    ...floorRules,
    ...entryRules,
    ...relativeRules,
    {
      name: 'top-floor',
      comment: 'Nothing imports an app or an example.',
      severity: 'error',
      from: { path: '^(packages|apps|examples)/([^/]+)/' },
      to: { path: '^(apps|examples)/', pathNot: '^$1/$2/' },
    },
    {
      name: 'no-circle',
      comment: 'No circles, type-only imports included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contracts-only',
      comment: 'A contract imports only contracts.',
      severity: 'error',
      from: { path: '^packages/cache-core/src/contracts/', pathNot: test },
      to: { pathNot: '^packages/cache-core/src/contracts/' },
    },
    {
      name: 'core-stands-alone',
      comment: 'cache-core imports lru-cache, msgpackr and node:* alone.',
      severity: 'error',
      from: { path: '^packages/cache-core/src/', pathNot: test },
      to: {
        pathNot: ['^packages/cache-core/src/', '(^|/)node_modules/(lru-cache|msgpackr)/'],
        dependencyTypesNot: ['core'],
      },
    },
    {
      name: 'testkit-in-tests',
      comment: 'store-testkit is for tests; what is published does not import it.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: [test, '^packages/store-testkit/'] },
      to: { path: '^packages/store-testkit/' },
    },
    {
      name: 'no-tests-in-sources',
      comment: 'What is published does not import a test.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: test },
      to: { path: test },
    },
    {
      name: 'published-dependencies',
      comment:
        'What is published imports only what its package.json lists under dependencies or peerDependencies.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: test },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer'],
      },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere: a typing error, or a dependency missing from package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^[^/]+/[^/]+/(dist|coverage|bench-report)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@larder/source', 'node', 'import', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
