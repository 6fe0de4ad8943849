/**
 * Milliseconds of the system's monotonic clock, the same in all processes of this machine: `performance.now()` counts from
 * the start of its process. That they agree is checked when a worker starts.
 */
const OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function monotonicMs(): number {
  return OFFSET_MS + performance.now();
}
