import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CacheManagerOptions, CacheStatistics } from '@larder/cache-core';
import { waitFor } from '@larder/store-testkit/services';
import { build, defaultServerConditions } from 'vite';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { RedisStoreOptions } from '../src/index.ts';
import type { WorkerCommand } from './live-worker.ts';

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

export interface StampedeOutcome {
  readonly loads: number;
  readonly loadedMs: number | null;
  readonly wrong: number;
  readonly answeredMs: readonly number[];
}

/** A child process with a cache on Redis. */
export class Worker {
  /** Keys whose loader has been called and waits for `answer`. */
  readonly loading: string[] = [];
  /** What it died of by itself. */
  died: string | null = null;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #ready = false;

  constructor(program: string) {
    this.#child = fork(program, { execArgv: ['--unhandled-rejections=strict'], serialization: 'advanced' });
    this.#child.on('message', (message) => this.#hear(message as Record<string, unknown>));
    this.#child.on('error', () => undefined);
    this.#child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The worker is gone.'));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  async open(url: string, store: RedisStoreOptions, cache: CacheManagerOptions): Promise<this> {
    await waitFor(() => this.#ready, { what: 'the worker to begin', timeoutMs: 20_000 });
    await this.ask('open', { url, store, cache });
    return this;
  }

  ask<T = unknown>(name: WorkerCommand['name'], ...args: readonly unknown[]): Promise<T> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: never) => void, reject });
      this.#child.send({ id, name, args }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  stats(): Promise<CacheStatistics> {
    return this.ask<CacheStatistics>('stats');
  }

  async alive(): Promise<void> {
    await waitFor(() => this.ask('alive'), { what: 'the bus of the worker', timeoutMs: 10_000 });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(name);
  }

  async gone(): Promise<void> {
    await waitFor(() => this.exited, { what: 'the worker to end', timeoutMs: 10_000 });
  }

  #hear(message: Record<string, unknown>): void {
    if (message.ready === true) this.#ready = true;
    else if (typeof message.loading === 'string') this.loading.push(message.loading);
    else if (typeof message.died === 'string') this.died = message.died;
    else {
      const waiting = this.#waiting.get(message.id as number);
      this.#waiting.delete(message.id as number);
      if (message.error === undefined) waiting?.resolve(message.value as never);
      else waiting?.reject(Object.assign(new Error('The worker was refused.'), message.error));
    }
  }
}

/** Hooks that make workers for the tests of a file, and end them; fails where one has died by itself (P13). */
export function workers(): (count: number) => Promise<Worker[]> {
  let folder = '';
  const open: Worker[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'larder-worker-'));
    await bundle(folder);
  }, 60_000);
  afterEach(async () => {
    const ended = open.splice(0);
    for (const worker of ended) worker.signal('SIGKILL');
    await Promise.all(ended.map((worker) => worker.gone()));
    expect(ended.map(({ died }) => died)).toEqual(ended.map(() => null));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return async (count) => {
    const begun = Array.from({ length: count }, () => new Worker(join(folder, 'live-worker.mjs')));
    open.push(...begun);
    return begun;
  };
}

/** The worker with all it needs in one file: a child process runs no TypeScript. */
async function bundle(outDir: string): Promise<void> {
  const conditions = ['@larder/source', ...defaultServerConditions];
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: fileURLToPath(new URL('./live-worker.ts', import.meta.url)),
      outDir,
      emptyOutDir: false,
      minify: false,
      rollupOptions: { output: { entryFileNames: '[name].mjs' } },
    },
  });
}
