/** Mechanisms that can be switched off, to see that the proof notices. */
export const SABOTAGES = {
  deaf: 'memory believes for ever that it has heard of everything, and hears nothing (P3, P4)',
  'no-gap': 'gaps of the bus are not acted upon (P4)',
  'no-lease-time': 'what the bus has vouched for once is believed for ever (P4)',
  'no-lease': 'a load is stored whether or not its lease is still held (P1)',
  'early-ack': 'an invalidation is acknowledged before the store has done it (P2, P5)',
  'no-stamps': 'no stamp is compared: tags, namespaces and clears are outrun (P7)',
  'no-versions': 'a set replaces a higher version (P6)',
} as const;

export type Sabotage = keyof typeof SABOTAGES;

export const SABOTAGE_NAMES = Object.keys(SABOTAGES) as Sabotage[];
