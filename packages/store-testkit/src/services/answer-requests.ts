import type { WorkerAnswer, WorkerFailure, WorkerHandlers, WorkerRequest } from './worker-message.ts';

/** What a worker does besides answering. */
export interface AnswerOptions {
  /** Done before the process ends because it is no longer needed. Not after a kill. */
  readonly close?: () => unknown;
}

/**
 * For the program of a worker: answers what `WorkerProcess.ask` asks for, by these functions, several at a time. What they
 * answer and throw goes back as a structured clone; of an error its name, message, `code` and `details`. The process ends
 * when the one that started it stops it or is gone.
 */
export function answerRequests(handlers: WorkerHandlers, { close }: AnswerOptions = {}): void {
  process.on('message', (request: WorkerRequest) => {
    void answer(handlers, request).then(send);
  });
  process.on('disconnect', () => {
    void Promise.resolve(close?.()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  // Ctrl-C reaches every process of the terminal; this one waits for word from the one that started it.
  process.on('SIGINT', () => undefined);
  send({ kind: 'ready' });
}

async function answer(handlers: WorkerHandlers, { id, name, args }: WorkerRequest): Promise<WorkerAnswer> {
  try {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (handler === undefined) throw new Error(`the worker has no '${name}'`);
    return { kind: 'answer', id, value: await handler(...args) };
  } catch (error) {
    return { kind: 'failed', id, error: failure(error) };
  }
}

function failure(error: unknown): WorkerFailure {
  const { name, message, code, details } = error as Partial<WorkerFailure>;
  return { name: String(name ?? 'Error'), message: String(message ?? error), code, details };
}

function send(message: WorkerAnswer): void {
  if (!process.connected) return;
  try {
    process.send?.(message, undefined, {}, () => undefined);
  } catch (error) {
    // What cannot be cloned.
    if (message.kind === 'answer') process.send?.({ kind: 'failed', id: message.id, error: failure(error) });
    else if (message.kind === 'failed') {
      process.send?.({ ...message, error: { ...message.error, code: undefined, details: undefined } });
    }
  }
}
