import type {
  BusGap,
  BusMessage,
  BusOptions,
  BusSubscriber,
  BusSubscription,
  InvalidationBus,
} from '@larder/cache-core';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { PUBLISH } from '../scripts/publish.ts';
import { runScript } from '../scripts/run-script.ts';
import { type Announcement, clientPart, inMessages } from './bus-message.ts';
import { BusSession, type BusSessionParts } from './bus-session.ts';
import { newOrigin, OwnAnnouncements } from './own-announcements.ts';

interface AnnouncementBusParts extends BusSessionParts {
  /** 16 hex digits, chosen at random: whose announcements are the store's own. */
  readonly origin: string;
  readonly announcedByStore: boolean;
}

/** How a bus is, from memory. */
export interface BusHealth {
  /** Whether messages can be heard now. */
  readonly subscribed: boolean;
  /** How far they have been heard without a break; null where that is not known. */
  readonly lastSeq: number | null;
  /** How often each doubt has come up. */
  readonly gaps: Readonly<Record<BusGap, number>>;
}

/** Who listens. */
interface Listener {
  readonly subscriber: BusSubscriber;
  readonly maxStalenessMs: number;
  /** Whose announcements are not for it. */
  readonly own: OwnAnnouncements;
  /** It had begun to listen when the next heartbeat was sent. */
  readonly afterBeat: number;
}

/**
 * Hears on a channel what the scripts of a store announce (P3), and vouches for it (P4). It can only make a cache colder: a
 * message carries names, and whatever is doubtful is a gap.
 */
export class AnnouncementBus implements InvalidationBus {
  readonly announcedByStore: boolean;
  /** Where a store enters its mutations before it sends them. */
  readonly own: OwnAnnouncements;
  readonly #parts: AnnouncementBusParts;
  readonly #listeners = new Set<Listener>();
  readonly #gaps: Record<BusGap, number> = {
    lost: 0,
    closed: 0,
    silent: 0,
    rewound: 0,
    unreadable: 0,
    restarted: 0,
  };
  #session: BusSession | null = null;
  /** The gaps that were reported since anybody was last told that all is well. */
  readonly #standing = new Set<BusGap>();

  constructor(parts: AnnouncementBusParts) {
    this.#parts = parts;
    this.announcedByStore = parts.announcedByStore;
    this.own = new OwnAnnouncements(parts.origin, (announcement) => this.#deliver(announcement));
  }

  get health(): BusHealth {
    return {
      subscribed: this.#session?.isSubscribed ?? false,
      lastSeq: this.#session?.lastSeen ?? null,
      gaps: { ...this.#gaps },
    };
  }

  /** How many listen. */
  get subscribers(): number {
    return this.#listeners.size;
  }

  subscribe(subscriber: BusSubscriber, { maxStalenessMs }: BusOptions): BusSubscription {
    const session = this.#session ?? this.#begin();
    const own = this.announcedByStore ? this.own : new OwnAnnouncements(newOrigin(), () => undefined);
    const listener = { subscriber, maxStalenessMs, own, afterBeat: session.beats };
    this.#listeners.add(listener);
    this.#serve();
    return {
      publish: (message) => this.#publish(listener, message),
      close: () => this.#close(listener),
    };
  }

  /** Tells all who listen here, at once, of what was done on the store itself, beside the caches on it (P2). */
  tellHere(names: BusMessage): void {
    this.#tellListeners(names, null);
  }

  #begin(): BusSession {
    const session = new BusSession(this.#parts, {
      heard: (announcement) => this.#heard(announcement),
      gap: (cause) => this.#gap(cause),
      alive: (sinceMs, beat) => this.#alive(sinceMs, beat),
    });
    this.#session = session;
    this.#standing.clear();
    session.open();
    return session;
  }

  async #close(listener: Listener): Promise<void> {
    if (!this.#listeners.delete(listener)) return;
    if (this.#listeners.size > 0) this.#serve();
    else {
      const session = this.#session;
      this.#session = null;
      await session?.close();
    }
  }

  #serve(): void {
    this.#session?.serve(Math.min(...Array.from(this.#listeners, (listener) => listener.maxStalenessMs)));
  }

  async #publish(listener: Listener, message: BusMessage): Promise<void> {
    if (!this.#listeners.has(listener)) throw closed();
    if (this.announcedByStore) return;
    for (const part of inMessages(message)) {
      const operation = listener.own.begin();
      const text = clientPart(listener.own.origin, operation, part);
      try {
        await runScript(this.#parts, PUBLISH, [], [text]);
      } finally {
        // Who publishes has forgotten the names already, and does so for whatever becomes of it.
        listener.own.acknowledged(operation);
      }
    }
  }

  #heard(announcement: Announcement): void {
    let hiding: OwnAnnouncements | null = null;
    for (const { own } of this.#listeners) {
      if (own !== hiding && own.origin === announcement.origin && own.hides(announcement)) hiding = own;
    }
    this.#deliver(announcement, hiding);
  }

  #deliver({ names }: Announcement, hiding: OwnAnnouncements | null = null): void {
    if (names === null) {
      if (hiding !== null && this.announcedByStore) return;
      this.#gap('unreadable', true);
      this.#serve();
      return;
    }
    // A script has moved the sequence by itself.
    if (names.keys.length === 0 && names.stamps.length === 0) return;
    this.#tellListeners(names, hiding);
  }

  #tellListeners(names: BusMessage, hiding: OwnAnnouncements | null): void {
    for (const listener of this.#listeners) {
      if (listener.own === hiding) continue;
      const heard = this.#tell(listener, (subscriber) => subscriber.invalidated(names));
      if (heard) continue;
      // Whether it has forgotten what it was told to is not known.
      this.#tell(listener, (subscriber) => subscriber.gap('lost'));
      this.#serve();
    }
  }

  /** @param always also where it is the second: for one that the heartbeat under way does not know of */
  #gap(cause: BusGap, always = false): void {
    this.#gaps[cause] += 1;
    // In a flood of them nothing new has come to rest on the bus since the first.
    if (this.#standing.has(cause) && !always) return;
    this.#standing.add(cause);
    this.#parts.logger.debug({ cause, channel: this.#parts.layout.channel }, 'bus gap');
    for (const listener of this.#listeners) this.#tell(listener, (subscriber) => subscriber.gap(cause));
  }

  #alive(sinceMs: number, beat: number): void {
    for (const listener of this.#listeners) {
      // What it has in memory from before it listened has not been watched over.
      if (beat <= listener.afterBeat) continue;
      this.#standing.clear();
      this.#tell(listener, (subscriber) => subscriber.alive(sinceMs));
    }
  }

  /** False where the subscriber has failed. One failing must not keep the others from hearing. */
  #tell(listener: Listener, call: (subscriber: BusSubscriber) => void): boolean {
    // It may have closed in the meantime.
    if (!this.#listeners.has(listener)) return true;
    try {
      call(listener.subscriber);
      return true;
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error;
      this.#parts.logger.error({ error: name }, 'a subscriber of the bus has thrown; it is told of a gap');
      return false;
    }
  }
}

function closed(): CacheError {
  return new CacheError(
    'This subscription to the bus has been closed. Subscribe again to publish.',
    CacheErrorCode.CLOSED,
    { details: { applied: 'no' } },
  );
}
