import type { StandardIssue, StandardResult, StandardSchema } from './contracts/standard-schema.ts';
import { shownKey } from './key.ts';
import { invalidOption } from './option-checks.ts';
import { isThenable } from './value.ts';

const MAX_PATHS = 8;

export type ValidationResult<Output> =
  | { readonly valid: true; readonly value: Output }
  | {
      readonly valid: false;
      /** How many issues there are. 0 where the schema itself failed. */
      readonly issueCount: number;
      /** Where the first eight are, as `'user.emails.0'`; `''` is the value as a whole. Never a message: those quote values. */
      readonly paths: readonly string[];
      /** What the schema threw, if it did. */
      readonly cause?: unknown;
    };

/** Answers `schema` itself if it follows Standard Schema. @throws CacheError `INVALID_CONFIGURATION` */
export function checkSchema<Output>(
  schema: StandardSchema<unknown, Output>,
  option: string,
): StandardSchema<unknown, Output> {
  const callable = schema !== null && (typeof schema === 'object' || typeof schema === 'function');
  if (callable && typeof schema['~standard']?.validate === 'function') return schema;
  throw invalidOption(
    option,
    'a schema that follows Standard Schema (Zod 3.24, Valibot 1, ArkType 2 or later)',
    schema,
  );
}

/**
 * Checks a value. Answers at once where the schema does, so that a synchronous one costs no promise. Never throws and
 * never rejects: a schema that throws is an invalid value with a `cause`.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): ValidationResult<Output> | Promise<ValidationResult<Output>> {
  try {
    const result = schema['~standard'].validate(value);
    return isThenable(result) ? Promise.resolve(result).then(toResult, broken) : toResult(result);
  } catch (cause) {
    return broken(cause);
  }
}

function toResult<Output>(result: StandardResult<Output>): ValidationResult<Output> {
  try {
    if (result.issues === undefined) return { valid: true, value: result.value };
    const paths = result.issues.slice(0, MAX_PATHS).map(pathOf);
    return { valid: false, issueCount: result.issues.length, paths };
  } catch (cause) {
    return broken(cause);
  }
}

function broken(cause: unknown): ValidationResult<never> {
  return { valid: false, issueCount: 0, paths: [], cause };
}

function pathOf(issue: StandardIssue): string {
  const segments = (issue.path ?? []).map((segment) =>
    String(typeof segment === 'object' ? segment.key : segment),
  );
  return shownKey(segments.join('.'));
}
