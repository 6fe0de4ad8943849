import type { CommandSender } from '../connection/script-runner.ts';

/** How many buckets of its table the server looks at for one answer. */
const SCAN_COUNT = 500;

/**
 * Walks over the keys of a server that match a glob and begin with `start`, in batches as `SCAN` brings them: keys that come or go
 * meanwhile may be missing, and one may come twice.
 */
export async function* walkKeys(
  sender: CommandSender,
  glob: string,
  start: string,
): AsyncGenerator<Buffer[]> {
  const startBytes = Buffer.from(start);
  let cursor = '0';
  do {
    const reply = await sender.send('scan', [cursor, 'MATCH', glob, 'COUNT', SCAN_COUNT]);
    const [next, keys] = reply as [Buffer, Buffer[]];
    cursor = String(next);
    const own = keys.filter((key) => key.subarray(0, startBytes.length).equals(startBytes));
    if (own.length > 0) yield own;
  } while (cursor !== '0');
}
