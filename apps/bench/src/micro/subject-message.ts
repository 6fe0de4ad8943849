import type { RedisPlace } from '../store/redis-service.ts';
import type { MicroSettings } from './micro-settings.ts';

/** What a subject's process is asked for. */
export type SubjectOrder =
  | {
      readonly kind: 'prepare';
      readonly group: number;
      readonly member: number;
      readonly settings: MicroSettings;
      readonly redis: RedisPlace | null;
    }
  /** `place` counts the turns of a round from 0. */
  | { readonly kind: 'turn'; readonly place: number }
  | { readonly kind: 'memory'; readonly subject: string; readonly settings: MicroSettings };

/** What it answers, one answer to each order. */
export type SubjectAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'turn'; readonly time: TurnTime }
  | { readonly kind: 'memory'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly message: string };

/** Nanoseconds that the operations of one turn took, all together. */
export interface TurnTime {
  /** Of all threads of the subject's process. */
  readonly cpuNs: number;
  readonly wallNs: number;
}
