import type { BusGap, BusMessage, BusSubscriber, StampName } from '@larder/cache-core/store';

/** Keeps what a bus says. */
export class BusRecorder implements BusSubscriber {
  readonly messages: BusMessage[] = [];
  readonly gaps: BusGap[] = [];
  readonly proofs: number[] = [];

  invalidated(message: BusMessage): void {
    this.messages.push(message);
  }

  gap(cause: BusGap): void {
    this.gaps.push(cause);
  }

  alive(sinceMs: number): void {
    this.proofs.push(sinceMs);
  }

  heardKey(key: string): boolean {
    return this.messages.some(({ keys }) => keys.includes(key));
  }

  heardStamp(name: StampName): boolean {
    return this.messages.some(({ stamps }) => stamps.includes(name));
  }
}
