import type { BusGap, Clock, Logger } from '@larder/cache-core';
import type { CommandSender, ScriptRunner } from '../connection/script-runner.ts';
import type { ServerClock } from '../connection/server-clock.ts';
import type { KeyLayout } from '../key-layout.ts';
import { type Announcement, readAnnouncement } from './bus-message.ts';
import { BusSequence } from './bus-sequence.ts';
import { ChannelSubscription, type SubscriberConnection } from './channel-subscription.ts';
import { Heartbeat } from './heartbeat.ts';

export interface BusSessionParts {
  /** For commands; shared with the store where there is one. The bus neither opens nor closes it. */
  readonly data: CommandSender;
  /** Makes the connection that messages come over. Called once for each time that somebody begins to listen. */
  openSubscriber(): SubscriberConnection;
  readonly layout: KeyLayout;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runner: ScriptRunner;
  /** Learns the server's time from heartbeats. */
  readonly serverClock: ServerClock;
}

interface BusSessionEvents {
  heard(announcement: Announcement): void;
  gap(cause: BusGap): void;
  alive(sinceMs: number, beat: number): void;
}

/** Listening, from the first subscriber to the last: one connection after another, one sequence, one heartbeat. */
export class BusSession {
  readonly #sequence = new BusSequence();
  readonly #channel: ChannelSubscription;
  readonly #heartbeat: Heartbeat;
  readonly #events: BusSessionEvents;

  constructor(parts: BusSessionParts, events: BusSessionEvents) {
    const { clock, logger, layout, data, runner, serverClock } = parts;
    const sequence = this.#sequence;
    this.#events = events;
    this.#channel = new ChannelSubscription({
      connection: parts.openSubscriber(),
      channel: layout.channel,
      clock,
      logger,
      listener: {
        confirmed: () => this.#heartbeat.start(),
        message: (bytes) => this.#read(bytes),
        lost: () => this.#lost(),
      },
    });
    this.#heartbeat = new Heartbeat({
      ...{ data, runner, layout, clock, serverClock, sequence },
      onAlive: (sinceMs, beat) => events.alive(sinceMs, beat),
      onGap: (cause) => this.#breakOff(cause),
      probe: () => this.#channel.probe(),
      onDeaf: () => this.#channel.drop('announced messages do not arrive'),
    });
  }

  /** How many heartbeats have been sent: a later subscriber is told only of those that come after. */
  get beats(): number {
    return this.#heartbeat.beats;
  }

  get isSubscribed(): boolean {
    return this.#channel.isConfirmed;
  }

  get lastSeen(): number | null {
    return this.#sequence.lastSeen;
  }

  open(): void {
    this.#channel.open();
  }

  /** The shortest staleness that anybody wants. */
  serve(maxStalenessMs: number): void {
    this.#heartbeat.serve(maxStalenessMs);
  }

  close(): Promise<void> {
    this.#heartbeat.stop();
    return this.#channel.close();
  }

  #read(bytes: Buffer): void {
    const announcement = readAnnouncement(bytes);
    if (announcement === null) this.#breakOff('unreadable');
    else {
      const gap = this.#sequence.observe(announcement);
      if (gap !== null) this.#events.gap(gap);
      this.#events.heard(announcement);
    }
    // Only now: what comes over the channel is delivered before anything is proven by it.
    this.#heartbeat.heard();
  }

  #lost(): void {
    this.#heartbeat.stop();
    this.#breakOff('closed');
  }

  #breakOff(cause: BusGap): void {
    this.#sequence.forget();
    this.#events.gap(cause);
  }
}
