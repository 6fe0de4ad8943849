/**
 * Milliseconds of the system's monotonic clock, the same in all processes of this machine, which is checked when a worker
 * starts. Not `performance.now()`, which counts from the start of its process: by what that differs cannot be measured where
 * the process may be interrupted between two readings.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
