const LINE_EVERY_MS = 5000;
const REDRAW_MS = 200;

/** What a run is doing, in one line: redrawn on a terminal, else a new one every 5 s. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #text: () => string;
  readonly #timer: NodeJS.Timeout;
  #drawn = false;

  constructor(stream: NodeJS.WriteStream, text: () => string) {
    this.#stream = stream;
    this.#text = text;
    this.#timer = setInterval(() => this.#draw(), stream.isTTY ? REDRAW_MS : LINE_EVERY_MS);
    this.#timer.unref();
  }

  /** A line that stays. */
  say(line: string): void {
    this.#clear();
    this.#stream.write(`${line}\n`);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`${this.#text()}\n`);
      return;
    }
    this.#clear();
    this.#stream.write(this.#text().slice(0, this.#stream.columns - 1));
    this.#drawn = true;
  }

  #clear(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[K');
    this.#drawn = false;
  }
}
