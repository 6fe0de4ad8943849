import type { BusGap, Clock, Scheduled } from '@larder/cache-core';
import type { CommandSender, ScriptRunner } from '../connection/script-runner.ts';
import { type ServerClock, timeReply } from '../connection/server-clock.ts';
import type { KeyLayout } from '../key-layout.ts';
import { BEGIN } from '../scripts/publish.ts';
import { runScript } from '../scripts/run-script.ts';
import type { BusSequence } from './bus-sequence.ts';

/** Not more often than this on average, so that no process sends more than ten commands a second. */
const MIN_INTERVAL_MS = 125;
/** Not more seldom than this, so that the server's clock stays known. Without an end of staleness: never. */
const MAX_INTERVAL_MS = 10_000;
const MAX_RETRY_MS = 1_000;
/** An interval is shortened by up to this share, so that processes do not beat as one. */
const JITTER = 0.15;
/** A reading of the server's clock older than this is replaced. */
const CLOCK_AGE_MS = 600;
const MIN_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;
/** Woken later than this, it takes it that the event loop was blocked and messages lie unread. */
const BLOCKED_MS = 10;
/** For how long they may then be read. */
const CATCH_UP_MS = 50;
/** So many messages that did not come, with none that did: the connection is not what it seems. */
const SILENCES_BEFORE_DEAF = 3;

interface HeartbeatParts {
  readonly data: CommandSender;
  readonly runner: ScriptRunner;
  readonly layout: KeyLayout;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly sequence: BusSequence;
  /** Everything announced before `sinceMs` has been heard. `beat` counts the questions, from 1. */
  onAlive(sinceMs: number, beat: number): void;
  onGap(cause: BusGap): void;
  /** Settles when the connection for messages has answered something. */
  probe(): Promise<unknown>;
  /** It is time for another connection. */
  onDeaf(): void;
}

/** One question, from being asked to being answered and, if need be, to the message that the answer speaks of. */
interface Beat {
  readonly number: number;
  readonly sinceMs: number;
  readonly generation: number;
  /** How far messages had been heard when it was asked. */
  readonly lastSeen: number | null;
  /** The number to be heard before it is settled. */
  awaited: number | null;
  dueMs: number;
  excused: boolean;
}

/** The number of the last announcement and the epoch, as the server keeps them. */
interface Standing {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * Proves that messages arrive (P4): asks the server, over the other connection, for the number of the last announcement, and
 * waits until the bus has delivered it. What was asked at `t0` and has been delivered proves that nothing announced before
 * `t0` is missing.
 *
 * A proof needs a base that was there before the question: of what was announced before its base, a bus knows nothing. So the
 * first answer is the base, and the second the first proof.
 *
 * An answer that does not come proves nothing and is no gap: what rests on the bus runs out by itself. One question at a time.
 */
export class Heartbeat {
  readonly #parts: HeartbeatParts;
  #maxStalenessMs = Infinity;
  #running = false;
  #beat: Beat | null = null;
  #beats = 0;
  #silences = 0;
  #timer: Scheduled | null = null;
  #isSoon = false;
  /** The generation that the next question was planned under. */
  #plannedGeneration = 0;
  /** The server has just been told to begin a sequence. */
  #hasBegun = false;
  /** When the next may be sent if all were sent at the highest rate; one more may go ahead of it. */
  #paceMs = 0;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** How many questions have been asked. */
  get beats(): number {
    return this.#beats;
  }

  /** The shortest staleness that anybody wants. Asks soon, since somebody new may be waiting. */
  serve(maxStalenessMs: number): void {
    this.#maxStalenessMs = maxStalenessMs;
    if (this.#beat === null) this.#plan(0);
  }

  /** Messages can be heard now. */
  start(): void {
    this.#running = true;
    this.#end(0);
  }

  /** They cannot. Call-backs cease. */
  stop(): void {
    this.#running = false;
    this.#silences = 0;
    this.#beat = null;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A message has come, and the sequence has moved or been broken off. */
  heard(): void {
    this.#silences = 0;
    const { sequence } = this.#parts;
    const beat = this.#beat;
    if (beat === null) {
      if (sequence.generation !== this.#plannedGeneration) this.#plan(0);
    } else if (beat.awaited !== null) this.#settle(beat);
  }

  #plan(delayMs: number): void {
    if (!this.#running) return;
    const { clock, sequence } = this.#parts;
    this.#plannedGeneration = sequence.generation;
    const isSoon = delayMs === 0;
    // A flood of gaps must not put off the answer to the first.
    if (isSoon && this.#isSoon && this.#timer !== null) return;
    this.#timer?.cancel();
    this.#isSoon = isSoon;
    const jitteredMs = delayMs * (1 - JITTER * clock.random());
    const paceMs = this.#paceMs - MIN_INTERVAL_MS - clock.now();
    this.#timer = clock.schedule(() => this.#ask(), Math.max(jitteredMs, paceMs, 0), { ref: false });
  }

  #ask(): void {
    const { clock, sequence } = this.#parts;
    const sinceMs = clock.now();
    this.#paceMs = Math.max(this.#paceMs, sinceMs) + MIN_INTERVAL_MS;
    this.#beats += 1;
    const { generation, lastSeen } = sequence;
    const awaited = null;
    const beat = { number: this.#beats, sinceMs, generation, lastSeen, awaited, dueMs: 0, excused: false };
    this.#beat = beat;
    // One that hangs is given up; the connection has a deadline of its own for it.
    const patienceMs = between(MIN_WAIT_MS, this.#maxStalenessMs, MAX_INTERVAL_MS);
    this.#wait(patienceMs, () => this.#end(this.#retryMs()));
    this.#standing(sinceMs).then(
      (standing) => {
        if (this.#beat === beat) this.#answered(beat, standing);
      },
      () => {
        if (this.#beat === beat) this.#end(this.#retryMs());
      },
    );
  }

  /** Asks with `MGET`, which takes what is of a wrong type for missing. Null where the server has none that can be read. */
  async #standing(sentMs: number): Promise<Standing | null> {
    const { data, layout, clock, serverClock } = this.#parts;
    const asked = data.send('mget', [layout.seq, layout.clear]);
    if (clock.now() - serverClock.learntMs >= CLOCK_AGE_MS)
      data.send('time', []).then(
        (reply) => serverClock.learn(timeReply(reply), sentMs),
        () => undefined,
      );
    return readStanding(await asked);
  }

  #answered(beat: Beat, standing: Standing | null): void {
    const { sequence } = this.#parts;
    if (standing !== null) this.#hasBegun = false;
    if (beat.generation !== sequence.generation) this.#end(0);
    else if (standing === null) this.#begin(beat);
    else if (beat.lastSeen === null) {
      sequence.base(standing.epoch, standing.seq);
      this.#end(0);
    } else if (standing.epoch !== sequence.epoch) this.#gap('restarted');
    else if (standing.seq < beat.lastSeen) this.#gap('rewound');
    else {
      beat.awaited = standing.seq;
      this.#await(beat);
      this.#settle(beat);
    }
  }

  /** The server has lost its sequence, or never had one. */
  #begin(beat: Beat): void {
    const { sequence } = this.#parts;
    if (sequence.lastSeen !== null) this.#parts.onGap('restarted');
    if (this.#beat !== beat) return;
    const nextMs = this.#hasBegun ? this.#retryMs() : 0;
    this.#hasBegun = true;
    const done = (delayMs: number): void => {
      if (this.#beat === beat) this.#end(delayMs);
    };
    runScript(this.#parts, BEGIN, [], []).then(
      () => done(nextMs),
      () => done(this.#retryMs()),
    );
  }

  /** Ends a beat that waits for a message, if that has come or can no longer mean anything. */
  #settle(beat: Beat): void {
    const { sequence } = this.#parts;
    if (beat.generation !== sequence.generation) this.#end(0);
    else if (beat.awaited !== null && sequence.lastSeen !== null && sequence.lastSeen >= beat.awaited) {
      this.#end(this.#restMs());
      this.#parts.onAlive(beat.sinceMs, beat.number);
    }
  }

  #late(beat: Beat): void {
    if (this.#parts.clock.now() - beat.dueMs > BLOCKED_MS && !beat.excused) {
      beat.excused = true;
      this.#wait(CATCH_UP_MS, () => this.#late(beat));
      return;
    }
    this.#silences += 1;
    this.#parts.onGap('silent');
    if (this.#beat !== beat) return;
    if (this.#silences >= SILENCES_BEFORE_DEAF) {
      this.#end(0);
      this.#parts.onDeaf();
    } else this.#probe(beat);
  }

  /** Something was lost, or everything is: there is no new base before the connection has given a sign of life. */
  #probe(beat: Beat): void {
    const settled = (): void => {
      if (this.#beat === beat) this.#end(0);
    };
    this.#await(beat);
    // That it cannot be sent is found out elsewhere.
    this.#parts.probe().then(settled, settled);
  }

  #gap(cause: BusGap): void {
    this.#parts.onGap(cause);
    this.#end(0);
  }

  /** Waits for a message, or for a sign of life. */
  #await(beat: Beat): void {
    const ms = between(MIN_WAIT_MS, this.#maxStalenessMs / 2, MAX_WAIT_MS);
    beat.excused = false;
    this.#wait(ms, () => this.#late(beat));
  }

  #end(nextMs: number): void {
    this.#beat = null;
    this.#timer?.cancel();
    this.#timer = null;
    this.#plan(nextMs);
  }

  #wait(ms: number, callback: () => void): void {
    this.#timer?.cancel();
    this.#isSoon = false;
    if (this.#beat !== null) this.#beat.dueMs = this.#parts.clock.now() + ms;
    this.#timer = this.#parts.clock.schedule(callback, ms, { ref: false });
  }

  /** Until the next question, when all is well. */
  #restMs(): number {
    const D = this.#maxStalenessMs;
    return D === Infinity ? Infinity : between(MIN_INTERVAL_MS, D / 6, MAX_INTERVAL_MS);
  }

  /** Until the next question, when there was no answer to this one. */
  #retryMs(): number {
    return between(MIN_INTERVAL_MS, this.#maxStalenessMs / 6, MAX_RETRY_MS);
  }
}

/** What `MGET` of sequence and root stamp has answered. */
function readStanding(reply: unknown): Standing | null {
  if (!Array.isArray(reply)) return null;
  const [seqText, clearText] = reply.map((one) => (one === null ? '' : String(one)));
  const seq = /^\d{1,16}$/.test(seqText ?? '') ? Number(seqText) : Number.NaN;
  const epoch = /^([0-9a-f]{1,32}):\d+$/.exec(clearText ?? '')?.[1];
  return Number.isSafeInteger(seq) && epoch !== undefined ? { epoch, seq } : null;
}

function between(least: number, wanted: number, most: number): number {
  return Math.min(Math.max(least, wanted), most);
}
