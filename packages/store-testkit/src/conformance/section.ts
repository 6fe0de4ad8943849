import type { StoreCapabilities } from '@larder/cache-core/store';

/** A part of the suite, and when it applies. */
interface Section {
  readonly name: string;
  /** What it is about, for a person. */
  readonly about: string;
  readonly applies: (capabilities: StoreCapabilities) => boolean;
}

const always = (): boolean => true;
const isShared = ({ shared }: StoreCapabilities): boolean => shared !== undefined;
const leavesProcess = ({ persistent, remote }: StoreCapabilities): boolean =>
  persistent === true || remote !== undefined;

/** In the order in which they run: what is simplest first. */
const SECTIONS = [
  { name: 'values', about: 'what goes in comes out, or is refused', applies: always },
  { name: 'absence', about: 'null for nothing, and nothing else for null', applies: always },
  { name: 'expiry', about: 'never early, never late', applies: always },
  { name: 'keys', about: 'any well-formed string is a key of its own', applies: always },
  { name: 'sizes', about: 'large values are kept whole or refused', applies: always },
  { name: 'deletion', about: 'delete and clear take what is theirs and nothing else', applies: always },
  { name: 'concurrency', about: 'calls at the same time', applies: always },
  { name: 'namespaces', about: 'places in a cache over the store', applies: always },
  { name: 'loads', about: 'loads and invalidations in one process (P1, P2, P12)', applies: always },
  { name: 'closing', about: 'after disconnect', applies: always },
  { name: 'bulk', about: 'several keys in one call', applies: ({ bulk }) => bulk !== undefined },
  { name: 'listing', about: 'keys by pattern', applies: ({ listing }) => listing !== undefined },
  {
    name: 'time to live',
    about: 'reading and changing it',
    applies: ({ timeToLive }) => timeToLive !== undefined,
  },
  { name: 'counters', about: 'counting in one step', applies: ({ counters }) => counters !== undefined },
  {
    name: 'health',
    about: 'answered from memory, without secrets',
    applies: ({ health }) => health !== undefined,
  },
  {
    name: 'persistence',
    about: 'entries outlive the instance',
    applies: ({ persistent }) => persistent === true,
  },
  { name: 'damage', about: 'bad bytes are a miss (P14)', applies: leavesProcess },
  { name: 'leases', about: 'the right to replace what was seen', applies: isShared },
  { name: 'fills', about: 'stored only while nothing has come between (P1)', applies: isShared },
  { name: 'writes', about: 'unconditional ones, and what they void', applies: isShared },
  { name: 'invalidations', about: 'keys and stamps in one step', applies: isShared },
  { name: 'stamps', about: 'entries die with them, and with their loss (P7)', applies: isShared },
  { name: 'versions', about: 'a lower one never replaces a higher one (P6)', applies: isShared },
  { name: 'retiming', about: 'another time to live', applies: ({ shared }) => shared?.retime !== undefined },
  {
    name: 'shared counters',
    about: 'counting under stamps',
    applies: ({ shared }) => shared?.increment !== undefined,
  },
  { name: 'bus', about: 'what others are told (P3, P4)', applies: ({ bus }) => bus !== undefined },
  { name: 'two processes', about: 'loads and invalidations among processes (P1–P7, P12)', applies: isShared },
  { name: 'schedules', about: 'random schedules of two processes against a model', applies: isShared },
  {
    name: 'outage',
    about: 'a server that is stopped, slow, gone or replaced (P9, P10, P13)',
    applies: ({ remote }) => remote !== undefined,
  },
] as const satisfies readonly Section[];

export type SectionName = (typeof SECTIONS)[number]['name'];

/** The names of all sections, in order. */
export const SECTION_NAMES: readonly SectionName[] = SECTIONS.map(({ name }) => name);

/** The sections that a store with these capabilities is judged by, in order. Nothing else decides it. */
export function sectionsOf(capabilities: StoreCapabilities | undefined): readonly SectionName[] {
  return SECTIONS.filter(({ applies }) => applies(capabilities ?? {})).map(({ name }) => name);
}

/** What a section is about, in a few words. */
export function aboutSection(name: SectionName): string {
  return SECTIONS.find((section) => section.name === name)!.about;
}
