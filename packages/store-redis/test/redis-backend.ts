import type { Backend, DamageKind, ServerFaults } from '@larder/store-testkit';
import { FaultProxy, RedisServer } from '@larder/store-testkit/services';
import { RedisStore, type RedisStoreOptions } from '../src/index.ts';

const PASSWORD = 'p@ss/w:rd %41';

type MakeStore = (url: string, options: RedisStoreOptions) => RedisStore;

/** A server for the cases of the kit, behind a proxy that can fail, and a place on it for each case. */
export class RedisBackends {
  readonly #server: RedisServer;
  readonly #proxy: FaultProxy;
  /** Makes a store of the proxy's URL: by the URL itself, or by way of a client. */
  readonly #make: MakeStore;
  #prepared = 0;

  private constructor(server: RedisServer, proxy: FaultProxy, make: MakeStore) {
    this.#server = server;
    this.#proxy = proxy;
    this.#make = make;
  }

  static async start(
    make: MakeStore = (url, options) => new RedisStore(url, options),
  ): Promise<RedisBackends> {
    const server = await RedisServer.start({ password: PASSWORD });
    return new RedisBackends(server, await FaultProxy.start({ target: server.url }), make);
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.#server.stop();
  }

  prepare(): Backend {
    this.#prepared += 1;
    const prefix = `kit${this.#prepared}*`;
    const { url } = this.#proxy;
    const foreign = { [`kit${this.#prepared}`]: 'half', [`${prefix}foreign`]: 'whole', 'kit:v:a': 'other' };
    return {
      open: ({ sibling } = {}) => this.#make(url, { prefix: sibling === true ? `${prefix}2` : prefix }),
      damage: (key, kind, otherKey) => this.#damage(`${prefix}v:${key}`, kind, `${prefix}v:${otherKey}`),
      forgetStamp: async (name) => {
        await this.#server.command('DEL', name === '' ? `${prefix}clear` : `${prefix}s:${name}`);
      },
      foreign: {
        plant: async () => {
          for (const [key, value] of Object.entries(foreign)) await this.#server.command('SET', key, value);
        },
        isIntact: async () => {
          const found = await this.#server.command('MGET', ...Object.keys(foreign));
          return String(found) === String(Object.values(foreign));
        },
      },
      secrets: [PASSWORD, encodeURIComponent(PASSWORD)],
      faults: this.#faults(),
    };
  }

  async #damage(key: string, kind: DamageKind, otherKey: string): Promise<void> {
    const server = this.#server;
    const bytes = (await server.commandBuffer<Buffer | null>('GET', key)) ?? Buffer.alloc(0);
    switch (kind) {
      case 'garbage':
        await server.command(
          'SET',
          key,
          Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 73 + 5) & 0xff)),
        );
        return;
      case 'flipped':
        bytes[bytes.length - 2]! ^= 0x10;
        await server.command('SET', key, bytes);
        return;
      case 'truncated':
        await server.command('SET', key, bytes.subarray(0, bytes.length >> 1));
        return;
      case 'empty':
        await server.command('SET', key, '');
        return;
      case 'foreign':
        await server.command('SET', key, '{"hello":"world"}');
        return;
      case 'mistyped':
        await server.command('DEL', key);
        await server.command('RPUSH', key, 'x');
        return;
      case 'swapped':
        await server.command('COPY', otherKey, key, 'REPLACE');
    }
  }

  #faults(): ServerFaults {
    const server = this.#server;
    const proxy = this.#proxy;
    let slowness: { end(): void } | undefined;
    return {
      pause: () => server.pause(),
      resume: () => server.resume(),
      kill: () => server.kill(),
      restart: () => server.restart(),
      refuse: async () => {
        proxy.refuse();
        proxy.cut();
      },
      accept: () => proxy.accept(),
      cut: async () => proxy.cut(),
      delay: async (delayMs) => {
        slowness?.end();
        slowness = delayMs > 0 ? proxy.delay(delayMs, { direction: 'toClient' }) : undefined;
      },
    };
  }
}
