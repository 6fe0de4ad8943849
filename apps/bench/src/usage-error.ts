/** What was asked for cannot be done as it was asked: one line for the person who typed it, and exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
