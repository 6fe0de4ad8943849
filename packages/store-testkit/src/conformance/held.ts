/** A promise that a test settles by hand. */
export class Held<T = void> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever waits for it sees the rejection; that nobody does is no fault.
    this.promise.catch(() => undefined);
  }
}
