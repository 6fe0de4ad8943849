import { createLogUpdate } from 'log-update';
import type { StepProgress } from '../scenario/scenario.ts';
import { percent, rate, seconds } from './figures.ts';

/** Where progress is shown. A terminal is redrawn in place; anything else gets a line now and then. */
export interface Progress {
  begin(label: string, leftMs: number): void;
  update(progress: StepProgress, leftMs: number): void;
  /** The step is over; `summary` stays on the screen. */
  end(summary: string): void;
  /** Takes away what is not to stay. */
  close(): void;
}

const REDRAW_MS = 80;
const PLAIN_LINE_MS = 5000;
const BAR_CELLS = 24;
const BLANK: StepProgress = { fraction: 0 };

export function progressOn(stream: NodeJS.WriteStream): Progress {
  return stream.isTTY ? new LiveProgress(stream) : new PlainProgress(stream);
}

/** One line of what is running: how far, how fast, how many hits. @param label `''` where it stands already */
export function progressLine(label: string, progress: StepProgress, leftMs: number): string {
  const fraction = bounded(progress.fraction);
  const parts = label === '' ? [] : [label];
  parts.push(`${String(Math.floor(fraction * 100)).padStart(3)} %`);
  if (progress.rate !== undefined && Number.isFinite(progress.rate)) parts.push(rate(progress.rate));
  if (progress.hitRatio !== undefined) parts.push(`hits ${percent(progress.hitRatio)}`);
  if (progress.detail !== undefined) parts.push(progress.detail);
  parts.push(`${seconds(leftMs)} left in all`);
  return parts.join('  ');
}

/** `██████░░░░` */
export function progressBar(fraction: number, cells: number = BAR_CELLS): string {
  const full = Math.round(bounded(fraction) * cells);
  return '█'.repeat(full) + '░'.repeat(cells - full);
}

function bounded(fraction: number): number {
  return fraction > 0 ? Math.min(1, fraction) : 0;
}

class LiveProgress implements Progress {
  readonly #log: ReturnType<typeof createLogUpdate>;
  readonly #stream: NodeJS.WriteStream;
  #label = '';
  #drawnMs = -Infinity;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#log = createLogUpdate(stream);
  }

  begin(label: string, leftMs: number): void {
    this.#label = label;
    this.#draw(BLANK, leftMs);
  }

  update(progress: StepProgress, leftMs: number): void {
    if (performance.now() - this.#drawnMs >= REDRAW_MS) this.#draw(progress, leftMs);
  }

  end(summary: string): void {
    this.#log.clear();
    this.#stream.write(`${summary}\n`);
  }

  close(): void {
    this.#log.clear();
    this.#log.done();
  }

  #draw(progress: StepProgress, leftMs: number): void {
    this.#drawnMs = performance.now();
    this.#log(`${this.#label}\n${progressBar(progress.fraction)} ${progressLine('', progress, leftMs)}`);
  }
}

class PlainProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  #label = '';
  #writtenMs = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  begin(label: string): void {
    this.#label = label;
    this.#writtenMs = performance.now();
  }

  update(progress: StepProgress, leftMs: number): void {
    if (performance.now() - this.#writtenMs < PLAIN_LINE_MS) return;
    this.#writtenMs = performance.now();
    this.#stream.write(`  ${progressLine(this.#label, progress, leftMs)}\n`);
  }

  end(summary: string): void {
    this.#stream.write(`${summary}\n`);
  }

  close(): void {}
}
