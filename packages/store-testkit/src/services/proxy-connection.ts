import type { Socket } from 'node:net';
import { applies, type Direction, type FaultScope, type ProxiedConnection } from './fault-scope.ts';
import { ProxyLane } from './proxy-lane.ts';
import { resetSocket } from './reset-socket.ts';
import type { EndFaultOptions, TrafficFaults } from './traffic-fault.ts';

const OPENING_BYTES = 8192;

/** A limit on the bytes of one direction, set by `cutAfter`. */
export interface ByteLimit {
  readonly scope: FaultScope & { readonly direction: Direction };
  readonly bytes: number;
  readonly clean: boolean;
  /** Bytes that have passed since it was set, by connection. */
  readonly passed: WeakMap<ProxiedConnection, number>;
}

/** What a connection shares with its proxy. */
export interface ProxyTraffic {
  readonly faults: TrafficFaults;
  /** The limits that have not been reached. */
  readonly limits: Set<ByteLimit>;
}

interface ConnectionParts {
  readonly index: number;
  readonly client: Socket;
  readonly server: Socket;
  readonly traffic: ProxyTraffic;
  readonly onClosed: () => void;
}

/** One connection through a {@link FaultProxy}: a client's, and the one to the server that belongs to it. */
export class ProxyConnection implements ProxiedConnection {
  readonly index: number;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #lanes: Readonly<Record<Direction, ProxyLane>>;
  readonly #passedBytes: Record<Direction, number> = { toServer: 0, toClient: 0 };
  #opening = '';

  /** Made by the proxy alone. */
  constructor({ index, client, server, traffic, onClosed }: ConnectionParts) {
    this.index = index;
    this.#client = client;
    this.#server = server;
    client.on('data', (bytes) => this.#listen(bytes));
    this.#lanes = {
      toServer: this.#lane('toServer', client, server, traffic),
      toClient: this.#lane('toClient', server, client, traffic),
    };
    for (const socket of [client, server]) {
      socket.on('close', () => {
        if (client.closed && server.closed) onClosed();
      });
    }
  }

  get opening(): string {
    return this.#opening;
  }

  get bytesToServer(): number {
    return this.#passedBytes.toServer;
  }

  get bytesToClient(): number {
    return this.#passedBytes.toClient;
  }

  sent(text: string): boolean {
    return this.#opening.toLowerCase().includes(text.toLowerCase());
  }

  /** Breaks it on both sides (RST). What was under way is lost. */
  cut(): void {
    this.#closeLanes();
    resetSocket(this.#client);
    resetSocket(this.#server);
  }

  /** Ends it on both sides, as a server does that closes an idle connection (FIN). What was under way is lost. */
  end(): void {
    this.#closeLanes();
    for (const socket of [this.#client, this.#server]) {
      socket.destroySoon();
    }
  }

  /** Lets the lanes look at the faults anew. @internal */
  refresh(scope: FaultScope, { discard = false }: EndFaultOptions): void {
    for (const direction of ['toServer', 'toClient'] as const) {
      const lane = this.#lanes[direction];
      if (discard && applies(scope, this, direction)) lane.discard();
      lane.pump();
    }
  }

  #lane(direction: Direction, from: Socket, to: Socket, { faults, limits }: ProxyTraffic): ProxyLane {
    let reached: ByteLimit | undefined;
    const left = (limit: ByteLimit): number => limit.bytes - (limit.passed.get(this) ?? 0);
    const applying = (): ByteLimit[] => [...limits].filter(({ scope }) => applies(scope, this, direction));
    return new ProxyLane({
      from,
      to,
      conditions: () => faults.conditions(this, direction),
      rewritten: (bytes) => faults.rewritten(this, direction, bytes),
      allowance: () => Math.min(Infinity, ...applying().map(left)),
      onPassed: (bytes) => {
        this.#passedBytes[direction] += bytes;
        for (const limit of applying()) {
          limit.passed.set(this, limit.bytes - left(limit) + bytes);
          if (left(limit) > 0) continue;
          limits.delete(limit);
          reached = limit;
        }
      },
      onLimit: () => (reached?.clean ? this.end() : this.cut()),
    });
  }

  #listen(bytes: Buffer): void {
    if (this.#opening.length >= OPENING_BYTES) return;
    this.#opening += bytes.toString('latin1', 0, OPENING_BYTES - this.#opening.length);
  }

  #closeLanes(): void {
    this.#lanes.toServer.close();
    this.#lanes.toClient.close();
  }
}
