import type { Stamp, StampName } from '@larder/cache-core/store';
import { parseMoment } from './entry-header.ts';

/** So many stamps are remembered; the root's is the one that matters. */
const MAX_REMEMBERED = 64;

/** Reads stamps as the server has them. One that has not moved since it was last read is not parsed again. */
export class StampReader {
  readonly #last = new Map<StampName, { readonly bytes: Buffer; readonly stamp: Stamp | null }>();

  read(name: StampName, bytes: Buffer | null): Stamp | null {
    if (bytes === null) return null;
    const last = this.#last.get(name);
    if (last?.bytes.equals(bytes)) return last.stamp;
    const stamp = toStamp(bytes.toString('latin1'));
    if (this.#last.size >= MAX_REMEMBERED) this.#last.clear();
    this.#last.set(name, { bytes: Buffer.from(bytes), stamp });
    return stamp;
  }
}

/** A stamp from its text `epoch:seq`; null where it is damaged, which is as good as missing. */
export function toStamp(text: string): Stamp | null {
  return parseMoment(text) as Stamp | null;
}
