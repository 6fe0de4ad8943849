import { applies, type Direction, type FaultScope, type ProxiedConnection } from './fault-scope.ts';

/** A fault at work on a {@link FaultProxy}. */
export interface TrafficFault {
  /**
   * Ends it. Bytes that it held back go on their way, in order, or are lost with `discard: true`. Called again, nothing
   * happens.
   */
  end(options?: EndFaultOptions): void;
}

export interface EndFaultOptions {
  /** Whether bytes that were held back are thrown away, as when a network loses them for good. Default `false`. */
  readonly discard?: boolean;
}

/** What a fault does to the traffic in its scope. One member alone is set. */
export interface Effect {
  readonly stall?: true;
  readonly drop?: true;
  readonly delayMs?: number;
  readonly throttle?: { readonly bytes: number; readonly everyMs: number };
  readonly rewrite?: (bytes: Buffer) => Uint8Array;
}

/** What all faults together do to one direction of one connection now. */
export interface Conditions {
  readonly stalled: boolean;
  readonly dropped: boolean;
  readonly delayMs: number;
  readonly pieceBytes: number;
  readonly pieceEveryMs: number;
}

interface ActiveFault {
  readonly effect: Effect;
  readonly scope: FaultScope;
}

/** The faults that are at work on a proxy, in the order in which they began. */
export class TrafficFaults {
  readonly #active = new Set<ActiveFault>();
  /** Told when one has ended. */
  readonly #onEnd: (scope: FaultScope, options: EndFaultOptions) => void;

  constructor(onEnd: (scope: FaultScope, options: EndFaultOptions) => void) {
    this.#onEnd = onEnd;
  }

  begin(effect: Effect, scope: FaultScope): TrafficFault {
    const fault = { effect, scope };
    this.#active.add(fault);
    return {
      end: (options = {}) => {
        if (this.#active.delete(fault)) this.#onEnd(scope, options);
      },
    };
  }

  endAll(options: EndFaultOptions): void {
    this.#active.clear();
    this.#onEnd({}, options);
  }

  conditions(connection: ProxiedConnection, direction: Direction): Conditions {
    let [stalled, dropped, delayMs, pieceBytes, pieceEveryMs] = [false, false, 0, Infinity, 0];
    for (const effect of this.#effects(connection, direction)) {
      stalled ||= effect.stall === true;
      dropped ||= effect.drop === true;
      delayMs += effect.delayMs ?? 0;
      if (effect.throttle !== undefined && effect.throttle.bytes < pieceBytes) {
        pieceBytes = effect.throttle.bytes;
        pieceEveryMs = effect.throttle.everyMs;
      }
    }
    return { stalled, dropped, delayMs, pieceBytes, pieceEveryMs };
  }

  rewritten(connection: ProxiedConnection, direction: Direction, bytes: Buffer): Buffer {
    let result = bytes;
    for (const { rewrite } of this.#effects(connection, direction)) {
      if (rewrite !== undefined) result = Buffer.from(rewrite(result));
    }
    return result;
  }

  *#effects(connection: ProxiedConnection, direction: Direction): Iterable<Effect> {
    for (const { effect, scope } of this.#active) {
      if (applies(scope, connection, direction)) yield effect;
    }
  }
}
