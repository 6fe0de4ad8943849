/** What every subject's process is started with. */
export interface MicroSettings {
  /** Entries in the cache. */
  readonly entries: number;
  readonly operationsPerRound: number;
  /** A round goes in so many turns, between which the other subjects have theirs: what disturbs one disturbs all. */
  readonly turnsPerRound: number;
  readonly ttlMs: number;
  readonly seed: number;
  /** Rounds before anything is measured. */
  readonly warmUpRounds: number;
  /** Entries whose memory is measured. */
  readonly memoryEntries: number;
}

export const MICRO_SETTINGS: Omit<MicroSettings, 'seed'> = {
  entries: 10_000,
  operationsPerRound: 100_000,
  turnsPerRound: 10,
  ttlMs: 3_600_000,
  warmUpRounds: 4,
  memoryEntries: 100_000,
};

/** To see that everything works, rather than how fast. */
export const SHORT_MICRO_SETTINGS: Omit<MicroSettings, 'seed'> = {
  ...MICRO_SETTINGS,
  operationsPerRound: 20_000,
  warmUpRounds: 1,
};
