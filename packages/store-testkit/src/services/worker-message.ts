/** What a worker can be asked: a function for each request. */
// biome-ignore lint/suspicious/noExplicitAny: handlers name the types of their own arguments
export type WorkerHandlers = Readonly<Record<string, (...args: any[]) => unknown>>;

/** From the one who asks. */
export interface WorkerRequest {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** From the worker: once that it is ready, then an answer to each request. */
export type WorkerAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: WorkerFailure };

/** An error on its way between processes. */
export interface WorkerFailure {
  readonly name: string;
  readonly message: string;
  readonly code: unknown;
  readonly details: unknown;
}
