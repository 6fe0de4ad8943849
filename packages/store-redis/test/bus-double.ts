import { EventEmitter } from 'node:events';
import { type BusMessage, CacheError, type ManualClock } from '@larder/cache-core';
import { clientPart } from '../src/bus/bus-message.ts';
import type { MessageSource, SubscriberConnection } from '../src/bus/channel-subscription.ts';
import type { CommandSender } from '../src/connection/script-runner.ts';
import { KeyLayout } from '../src/key-layout.ts';
import { BEGIN, PUBLISH } from '../src/scripts/publish.ts';

export const OWN = 'aaaaaaaaaaaaaaaa';
export const FOREIGN = 'bbbbbbbbbbbbbbbb';
export const LAYOUT = new KeyLayout('test:', 0);

/** What of a Redis server a bus can see, with its network in the hands of the test. */
export class FakeRedis {
  readonly clock: ManualClock;
  readonly data = new FakeData(this);
  readonly subscribers: FakeSubscriber[] = [];
  /** Null: the keys are gone. */
  standing: { epoch: string; seq: number } | null = { epoch: 'e0', seq: 100 };
  #epochs = 0;

  constructor(clock: ManualClock) {
    this.clock = clock;
  }

  /** The connection that is open now, or was last. */
  get subscriber(): FakeSubscriber {
    return this.subscribers.at(-1)!;
  }

  /** A mutation: moves the sequence and announces it. @returns its number */
  mutate(names: Partial<BusMessage> = {}, origin = FOREIGN, operation = 1): number {
    const { keys = [':k'], stamps = [] } = names;
    return this.announce(clientPart(origin, operation, { keys, stamps }));
  }

  announce(part: string): number {
    const prev = this.standing?.seq ?? 0;
    this.#advance();
    const { epoch, seq } = this.standing!;
    this.publish(`${epoch} ${prev} ${seq} ${part}`);
    return seq;
  }

  /** As `BEGIN`. */
  begin(): void {
    if (this.standing === null) this.announce('{"o":"","n":0,"k":[],"t":[]}');
  }

  publish(message: string | Buffer): void {
    for (const subscriber of this.subscribers) subscriber.receive(Buffer.from(message));
  }

  #advance(): void {
    const us = Math.floor(this.clock.now() * 1000);
    if (this.standing === null) {
      this.#epochs += 1;
      this.standing = { epoch: `e${this.#epochs}`, seq: us };
    } else this.standing = { epoch: this.standing.epoch, seq: Math.max(this.standing.seq + 1, us) };
  }
}

interface HeldCommand {
  readonly run: () => unknown;
  readonly answer: (reply: unknown) => void;
  readonly refuse: (error: CacheError) => void;
  reply?: { readonly value: unknown };
}

/** The connection for commands: each is carried out and answered at once, or when the test says so, or only reads are. */
class FakeData implements CommandSender {
  readonly #redis: FakeRedis;
  /** How many of each command were sent. */
  readonly sent: Record<string, number> = {};
  mode: 'working' | 'reading' | 'failing' | 'held' = 'working';
  #held: HeldCommand[] = [];

  constructor(redis: FakeRedis) {
    this.#redis = redis;
  }

  send(command: string, args: readonly (string | Buffer | number)[]): Promise<unknown> {
    this.sent[command] = (this.sent[command] ?? 0) + 1;
    const run = (): unknown => this.#run(command, args);
    const isRefused = this.mode === 'reading' && command.startsWith('eval');
    if (this.mode === 'failing' || isRefused) return Promise.reject(unavailable());
    if (this.mode !== 'held') return Promise.resolve(run());
    return new Promise((answer, refuse) => this.#held.push({ run, answer, refuse }));
  }

  /** The server carries out what has been held back, and the answers stay on their way. */
  execute(): void {
    for (const held of this.#held) held.reply ??= { value: held.run() };
  }

  /** Whatever was held back is carried out, if it has not been, and answered. */
  release(): void {
    this.mode = 'working';
    this.execute();
    for (const { answer, reply } of this.#held.splice(0)) answer(reply?.value);
  }

  /** The connection dies with what was held back. */
  die(): void {
    this.mode = 'working';
    for (const { refuse } of this.#held.splice(0)) refuse(unavailable());
  }

  #run(command: string, args: readonly (string | Buffer | number)[]): unknown {
    const { standing } = this.#redis;
    if (command === 'mget')
      return standing === null
        ? [null, null]
        : [Buffer.from(String(standing.seq)), Buffer.from(`${standing.epoch}:7`)];
    if (command === 'time') {
      const us = Math.floor(this.#redis.clock.now() * 1000);
      return [Buffer.from(String(Math.floor(us / 1e6))), Buffer.from(String(us % 1e6))];
    }
    if (args[0] === BEGIN.sha) return this.#redis.begin();
    if (args[0] === PUBLISH.sha) return this.#redis.announce(String(args.at(-1)));
    throw new Error(`no such command: ${command}`);
  }
}

/** The connection for messages. */
export class FakeSubscriber implements SubscriberConnection {
  readonly #emitter = new EventEmitter();
  readonly #ready = new Set<() => void>();
  readonly #closed = new Set<() => void>();
  client: MessageSource | null = null;
  dropped: string[] = [];
  disconnected = false;
  pings = 0;
  /** What happens to messages on their way: they come, are held back, or are lost. */
  link: 'open' | 'held' | 'broken' = 'open';
  /** Whether a connection can be made. */
  reachable = true;
  refusing: CacheError | null = null;
  confirming = true;
  #held: Buffer[] = [];
  #pongs: ((answer: string) => void)[] = [];
  #subscribed = false;

  constructor(redis: FakeRedis) {
    redis.subscribers.push(this);
  }

  get heldMessages(): Buffer[] {
    return this.#held;
  }

  async connect(): Promise<void> {
    if (!this.reachable) throw unavailable();
    await Promise.resolve();
    this.up();
  }

  async disconnect(): Promise<void> {
    this.disconnected = true;
    this.down();
  }

  drop(reason: string): void {
    this.dropped.push(reason);
    this.down();
    this.up();
  }

  async send(command: string): Promise<unknown> {
    if (command === 'ping') return this.#ping();
    if (this.refusing !== null) throw this.refusing;
    this.#subscribed = true;
    if (!this.confirming) return new Promise(() => {});
    return 1;
  }

  #ping(): Promise<unknown> {
    this.pings += 1;
    return this.link === 'open' ? Promise.resolve('PONG') : new Promise((answer) => this.#pongs.push(answer));
  }

  onReady(listener: () => void): () => void {
    this.#ready.add(listener);
    return () => this.#ready.delete(listener);
  }

  onClosed(listener: () => void): () => void {
    this.#closed.add(listener);
    return () => this.#closed.delete(listener);
  }

  up(): void {
    if (this.client !== null || this.disconnected) return;
    this.link = 'open';
    this.client = this.#emitter;
    for (const listener of this.#ready) listener();
  }

  down(): void {
    if (this.client === null) return;
    this.client = null;
    this.#subscribed = false;
    this.#held = [];
    this.#pongs = [];
    for (const listener of [...this.#closed]) listener();
  }

  receive(message: Buffer): void {
    if (!this.#subscribed || this.link === 'broken') return;
    if (this.link === 'held') this.#held.push(message);
    else this.emit(message);
  }

  /** What was held back comes now. */
  release(): void {
    this.link = 'open';
    for (const message of this.#held.splice(0)) this.emit(message);
    for (const answer of this.#pongs.splice(0)) answer('PONG');
  }

  emit(message: Buffer): void {
    this.#emitter.emit('messageBuffer', Buffer.from(LAYOUT.channel), message);
  }
}

function unavailable(): CacheError {
  return new CacheError('The server is away.', 'STORE_UNAVAILABLE');
}
