import { monotonicMs } from './monotonic.ts';
import type { FromWorker, ToWorker } from './run/process-message.ts';
import { WorkerProgram } from './worker/worker-program.ts';

let program: WorkerProgram | undefined;

function say(message: FromWorker): void {
  // Whoever listened has gone: this process ends by the event below.
  process.send?.(message, undefined, undefined, () => undefined);
}

async function obey(message: ToWorker): Promise<void> {
  if (message.say === 'start') {
    program = new WorkerProgram(message.settings, say);
    await program.start();
    return;
  }
  await program?.stop();
  process.removeAllListeners('disconnect');
  process.disconnect();
}

process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);
process.on('message', (message: ToWorker) => void obey(message));
say({ say: 'here', nowMs: monotonicMs() });
