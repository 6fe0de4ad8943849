/** What every subject's process is started with. */
export interface MicroSettings {
  /** Entries in the cache. */
  readonly entries: number;
  readonly operationsPerRound: number;
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
  ttlMs: 3_600_000,
  warmUpRounds: 5,
  memoryEntries: 100_000,
};
