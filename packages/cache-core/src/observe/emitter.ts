import { invalidOption } from '../option-checks.ts';

/** The names of some events and what each hands to its listeners. */
export type EventMap<Events> = { readonly [Name in keyof Events]: object };

/** May be asynchronous: nobody waits for it, and its rejection is reported like an error thrown. */
export type EventListener<Event> = (event: Event) => unknown;

interface Registration {
  readonly listener: EventListener<never>;
  readonly once: boolean;
  spent: boolean;
}

/**
 * Tells listeners of events, in the order they were added; one added twice is called twice, as with Node's EventEmitter.
 * An event goes to those who were listening when it began. Unlike Node's, a listener that throws or rejects harms neither
 * the others nor whoever emits, and `error` without a listener is silent.
 */
export class Emitter<Events extends EventMap<Events>> {
  /**
   * Whether anybody listens to anything. Written by the emitter alone; a plain field because hot paths read it before they
   * build an event.
   */
  active = false;
  readonly #names: ReadonlySet<string>;
  readonly #onListenerError: (error: unknown, name: string) => void;
  /** Lists are replaced, never changed: an event that is being told keeps the one it began with. */
  readonly #registrations = new Map<string, readonly Registration[]>();

  /** @param onListenerError what to do with an error thrown by a listener of the event `name`: log it */
  constructor(
    names: readonly (keyof Events & string)[],
    onListenerError: (error: unknown, name: string) => void,
  ) {
    this.#names = new Set<string>(names);
    this.#onListenerError = onListenerError;
  }

  /** @throws CacheError `INVALID_CONFIGURATION` for an unknown event or a listener that is no function */
  on<Name extends keyof Events & string>(name: Name, listener: EventListener<Events[Name]>): this {
    return this.#add(name, listener, false);
  }

  /** As {@link on}, for the next such event alone. */
  once<Name extends keyof Events & string>(name: Name, listener: EventListener<Events[Name]>): this {
    return this.#add(name, listener, true);
  }

  /** Takes the listener off that was added last, of several the same. Harmless where there is none. */
  off<Name extends keyof Events & string>(name: Name, listener: EventListener<Events[Name]>): this {
    const present = this.#registrations.get(name) ?? [];
    const found = present.findLast((registration) => registration.listener === listener);
    if (found !== undefined) this.#remove(name, found);
    return this;
  }

  /** Whether anybody listens to this event: ask before building one that is costly. */
  listens(name: keyof Events & string): boolean {
    return this.#registrations.has(name);
  }

  /** Never throws. */
  emit<Name extends keyof Events & string>(name: Name, event: Events[Name]): void {
    const registrations = this.#registrations.get(name);
    if (registrations === undefined) return;
    for (const registration of registrations) this.#tell(registration, name, event);
  }

  #add(name: string, listener: EventListener<never>, once: boolean): this {
    if (!this.#names.has(name))
      throw invalidOption('The event name', `one of ${[...this.#names].join(', ')}`, name);
    if (typeof listener !== 'function')
      throw invalidOption(`The listener of '${name}'`, 'a function', listener);
    const present = this.#registrations.get(name) ?? [];
    this.#registrations.set(name, [...present, { listener, once, spent: false }]);
    this.active = true;
    return this;
  }

  #remove(name: string, registration: Registration): void {
    const left = (this.#registrations.get(name) ?? []).filter((present) => present !== registration);
    if (left.length > 0) this.#registrations.set(name, left);
    else this.#registrations.delete(name);
    this.active = this.#registrations.size > 0;
  }

  #tell(registration: Registration, name: string, event: object): void {
    if (registration.once) {
      // A listener before it may have emitted the same event, and so have used it up.
      if (registration.spent) return;
      registration.spent = true;
      this.#remove(name, registration);
    }
    try {
      const answer = registration.listener(event as never);
      if (isThenable(answer)) answer.then(undefined, (error: unknown) => this.#report(error, name));
    } catch (error) {
      this.#report(error, name);
    }
  }

  #report(error: unknown, name: string): void {
    try {
      this.#onListenerError(error, name);
    } catch {
      // Nobody is left to tell: whoever emits must not fail because a log does.
    }
  }
}

function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' && answer !== null && typeof (answer as { then?: unknown }).then === 'function'
  );
}
