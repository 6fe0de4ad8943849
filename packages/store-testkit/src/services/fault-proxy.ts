import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { CacheError, CacheErrorCode } from '@larder/cache-core';
import { checkOptions, invalidOption, wholeNumber } from '@larder/cache-core/store';
import type { Direction, FaultScope } from './fault-scope.ts';
import { freePort } from './free-port.ts';
import { type ByteLimit, ProxyConnection } from './proxy-connection.ts';
import { type Effect, type EndFaultOptions, type TrafficFault, TrafficFaults } from './traffic-fault.ts';
import { waitFor } from './wait-for.ts';

const HOST = '127.0.0.1';

/** How a {@link FaultProxy} is started. */
export interface FaultProxyOptions {
  /** The server behind it: its address, or its URL, which then is also that of the proxy but for host and port. */
  readonly target: string | { readonly host: string; readonly port: number };
}

/** How bytes are cut small. */
export interface ThrottleOptions {
  /** The most bytes in one piece, from 1 up. Default 1. */
  readonly bytes?: number;
  /** Milliseconds after each piece, from 0 up; with 0 about one. Default 0. */
  readonly everyMs?: number;
}

/** Where and how `cutAfter` cuts. */
export interface CutAfterOptions extends FaultScope {
  /** The direction whose bytes count. Default `'toClient'`: the cut is in the middle of a reply. */
  readonly direction?: Direction;
  /** Whether the connection ends by a FIN instead of an RST. Default `false`. */
  readonly clean?: boolean;
}

/**
 * A TCP proxy in this process, between a client and a real server, that fails on demand. Without a fault it passes
 * everything on as it comes. Faults add up, apply to all connections, also to those to come, unless a scope says otherwise,
 * and last until they are ended.
 *
 * A client connects to the proxy even where the server behind it is gone; it is cut off then at once. Keeps no process alive.
 */
export class FaultProxy {
  readonly host = HOST;
  readonly port: number;
  /** The URL of the target with the address of the proxy; `tcp://127.0.0.1:<port>` where the target is no URL. */
  readonly url: string;
  readonly #target: Address;
  readonly #connections = new Set<ProxyConnection>();
  readonly #limits = new Set<ByteLimit>();
  readonly #faults = new TrafficFaults((scope, options) => this.#refresh(scope, options));
  #listener: Server | undefined;
  #accepted = 0;
  #stopped = false;

  private constructor(target: Address, port: number) {
    this.#target = target;
    this.port = port;
    this.url = target.urlAt(`${HOST}:${port}`);
  }

  /**
   * Starts one on a free port of the loopback. The target need not be there yet.
   *
   * @throws CacheError `INVALID_CONFIGURATION` for a target that is no address; `STORE_UNAVAILABLE` without a free port
   */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const { target } = checkOptions(options, ['target'], 'FaultProxy options');
    const address = addressOf(target);
    for (let attempt = 1; ; attempt++) {
      const proxy = new FaultProxy(address, await freePort());
      try {
        await proxy.#listen();
        return proxy;
      } catch (error) {
        // Somebody took the port meanwhile.
        if (attempt === 20) throw error;
      }
    }
  }

  /** The open ones, the oldest first. */
  get connections(): readonly ProxyConnection[] {
    return [...this.#connections];
  }

  /** How many were ever accepted: it grows with each reconnection. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Each piece of traffic arrives so many milliseconds later than it would, in order; those on their way already keep their
   * time. Several delays add up.
   *
   * @param ms a whole number from 0 up
   */
  delay(ms: number, scope?: FaultScope): TrafficFault {
    return this.#begin({ delayMs: wholeNumber(ms, 'delay') }, scope);
  }

  /**
   * Half open: connections stay, and new ones are accepted, but no byte moves, nor the end of a connection. Bytes are kept
   * (up to 1 MiB a direction, then the sender blocks) until the stall ends.
   */
  stall(scope?: FaultScope): TrafficFault {
    return this.#begin({ stall: true }, scope);
  }

  /** Swallows bytes as they come, for good; connections stay. An end of a connection shows when this is over. */
  drop(scope?: FaultScope): TrafficFault {
    return this.#begin({ drop: true }, scope);
  }

  /** Passes bytes on in small pieces, one by one at the least: every boundary inside of a reply is met. */
  throttle(options?: ThrottleOptions, scope?: FaultScope): TrafficFault {
    const given = checkOptions(options, ['bytes', 'everyMs'], 'throttle options');
    const bytes = wholeNumber(given.bytes ?? 1, 'bytes', { min: 1 });
    const everyMs = wholeNumber(given.everyMs ?? 0, 'everyMs');
    return this.#begin({ throttle: { bytes, everyMs } }, scope);
  }

  /**
   * Replaces each piece of traffic, as it comes, by what the function makes of it: other bytes, more, or none. A piece may
   * hold a part of a message or several of them.
   */
  rewrite(change: (bytes: Buffer) => Uint8Array, scope?: FaultScope): TrafficFault {
    return this.#begin({ rewrite: change }, scope);
  }

  /** Ends all faults of traffic, those of `cutAfter` included. */
  resume(options: EndFaultOptions = {}): void {
    this.#limits.clear();
    this.#faults.endAll(options);
  }

  /** Breaks connections (RST); new ones are accepted. */
  cut(scope: Pick<FaultScope, 'only'> = {}): void {
    for (const connection of this.#matching(scope)) connection.cut();
  }

  /** Ends connections as a server does that closes them in an orderly way (FIN); new ones are accepted. */
  end(scope: Pick<FaultScope, 'only'> = {}): void {
    for (const connection of this.#matching(scope)) connection.end();
  }

  /**
   * Breaks the first connection on which so many more bytes have passed in the direction, exactly behind the last of them.
   * Then it is over. A receiver that is busy for the 5 ms between the last byte and the RST may take it for a FIN.
   *
   * @param bytes a whole number from 1 up
   */
  cutAfter(bytes: number, options: CutAfterOptions = {}): TrafficFault {
    const { direction = 'toClient', only, clean = false } = options;
    const scope = only === undefined ? { direction } : { direction, only };
    const limit = { scope, clean, bytes: wholeNumber(bytes, 'bytes', { min: 1 }), passed: new WeakMap() };
    this.#limits.add(limit);
    return { end: () => void this.#limits.delete(limit) };
  }

  /** Closes the port: who connects is refused (ECONNREFUSED). Open connections stay. */
  refuse(): void {
    // The port is free at once; the listener's `close` event, which waits for its connections, is of no interest.
    this.#listener?.close();
    this.#listener = undefined;
  }

  /**
   * Opens the port again.
   *
   * @throws CacheError `CLOSED` after {@link stop}; `OPERATION_TIMEOUT` where somebody else has taken the port
   */
  async accept(): Promise<void> {
    if (this.#stopped) {
      throw new CacheError('The proxy has been stopped. Start another.', CacheErrorCode.CLOSED);
    }
    if (this.#listener !== undefined) return;
    const listening = async (): Promise<boolean> => {
      await this.#listen();
      return true;
    };
    await waitFor(listening, { what: `port ${this.port} to be free again` });
  }

  /** Closes the port and breaks every connection. Called again, nothing happens. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.refuse();
    this.resume({ discard: true });
    this.cut();
    await waitFor(() => this.#connections.size === 0, { what: 'the connections of the proxy to end' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #listen(): Promise<void> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
    listener.listen({ port: this.port, host: HOST, exclusive: true });
    await once(listener, 'listening');
    listener.on('error', () => undefined);
    listener.unref();
    this.#listener = listener;
  }

  #accept(client: Socket): void {
    const { host, port } = this.#target;
    const server = connect({ host, port, allowHalfOpen: true, noDelay: true });
    client.unref();
    server.unref();
    const connection = new ProxyConnection({
      index: this.#accepted++,
      client,
      server,
      traffic: { faults: this.#faults, limits: this.#limits },
      onClosed: () => void this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  #begin(effect: Effect, scope: FaultScope = {}): TrafficFault {
    const { direction, only } = checkOptions(scope, ['direction', 'only'], 'scope');
    if (direction !== undefined && direction !== 'toServer' && direction !== 'toClient') {
      throw invalidOption('direction', "'toServer' or 'toClient'", direction);
    }
    return this.#faults.begin(effect, { ...(direction && { direction }), ...(only && { only }) });
  }

  #matching({ only }: Pick<FaultScope, 'only'>): ProxyConnection[] {
    return [...this.#connections].filter((connection) => only === undefined || only(connection));
  }

  #refresh(scope: FaultScope, options: EndFaultOptions): void {
    for (const connection of this.#connections) connection.refresh(scope, options);
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
  /** The same URL at another `host:port`. */
  readonly urlAt: (address: string) => string;
}

function addressOf(target: unknown): Address {
  const urlText = typeof target === 'string' ? target : undefined;
  const url = urlText !== undefined && URL.canParse(urlText) ? new URL(urlText) : undefined;
  const { host, port } =
    url === undefined
      ? ((target ?? {}) as { host?: unknown; port?: unknown })
      : { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) };
  if (typeof host !== 'string' || host === '' || !Number.isInteger(port) || !(Number(port) > 0)) {
    throw invalidOption('target', 'a URL with a port, or { host, port }', target);
  }
  const urlAt = (address: string): string => {
    if (url === undefined) return `tcp://${address}`;
    const moved = new URL(url);
    moved.host = address;
    return moved.href;
  };
  return { host, port: Number(port), urlAt };
}
