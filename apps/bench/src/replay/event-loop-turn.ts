/** Requests that may follow one another before timers and sockets get their turn. */
const REQUESTS_PER_TURN = 256;

/**
 * Lets the event loop go round. Clients that only meet hits would otherwise never leave the microtasks: the source's
 * timers, the display and Ctrl-C would all have to wait for them.
 */
export class EventLoopTurn {
  #requests = 0;
  #turn: Promise<void> | null = null;

  /** Counts a request. Null, or the turn to wait for before the next one. */
  after(): Promise<void> | null {
    if (++this.#requests < REQUESTS_PER_TURN) return null;
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#requests = 0;
        this.#turn = null;
        resolve();
      });
    });
    return this.#turn;
  }
}
