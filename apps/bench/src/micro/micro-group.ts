import type { StoreName } from '../store/store-name.ts';
import type { MicroSettings } from './micro-settings.ts';
import type { MicroSubject } from './micro-subject.ts';

/** What is measured side by side. A further peer is one more member. */
export interface MicroGroup {
  readonly name: string;
  readonly store: StoreName;
  /** Left out of a run that is too short to be believed anyway. */
  readonly thorough?: boolean;
  /** What a round of it does. */
  readonly work: 'read' | 'overwrite' | 'insert';
  /** Where it differs from the settings of all, because its operations take longer. */
  readonly settings?: Partial<
    Pick<MicroSettings, 'entries' | 'operationsPerRound' | 'turnsPerRound' | 'warmUpRounds'>
  >;
  /** The first is the limit; it runs twice. */
  readonly members: readonly MicroMember[];
}

interface MicroMember {
  readonly name: string;
  readonly subject: MicroSubject;
  /** How many times the limit's CPU time it has promised to stay within. */
  readonly bound?: number;
}
