import { describe, expect, it } from 'vitest';
import type { StandardResult, StandardSchema } from './contracts/standard-schema.ts';
import { checkSchema, validate } from './schema.ts';

function schemaOf<Output>(
  check: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>,
): StandardSchema<unknown, Output> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } };
}

const SECRET = 'hunter2';
const FAILURE = {
  issues: [
    { message: `bad ${SECRET}`, path: ['user', { key: 'emails' }, 0, Symbol('s')] },
    { message: `bad ${SECRET}` },
  ],
};

describe('validate', () => {
  it('answers at once for a synchronous schema, with its output', () => {
    const schema = schemaOf((value) => ({ value: Number(value) }));
    expect(validate(schema, '5')).toEqual({ valid: true, value: 5 });
  });

  it('answers later for an asynchronous one', async () => {
    const schema = schemaOf(async (value) => ({ value }));
    const result = validate(schema, '5');
    expect(result).toBeInstanceOf(Promise);
    expect(await result).toEqual({ valid: true, value: '5' });
    expect(
      await validate(
        schemaOf(async () => FAILURE),
        5,
      ),
    ).toMatchObject({ valid: false, issueCount: 2 });
  });

  it('says where and how many, and never a message', () => {
    const result = validate(
      schemaOf(() => FAILURE),
      SECRET,
    );
    expect(result).toEqual({ valid: false, issueCount: 2, paths: ['user.emails.0.Symbol(s)', ''] });
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it('shows the first eight paths', () => {
    const issues = Array.from({ length: 1000 }, (_, index) => ({ message: '', path: [index] }));
    expect(
      validate(
        schemaOf(() => ({ issues })),
        0,
      ),
    ).toEqual({
      valid: false,
      issueCount: 1000,
      paths: ['0', '1', '2', '3', '4', '5', '6', '7'],
    });
  });

  it('takes a schema that fails, or answers nonsense, for an invalid value', async () => {
    const cause = new Error('broken');
    const throwing = schemaOf(() => {
      throw cause;
    });
    const invalid = { valid: false, issueCount: 0, paths: [], cause };
    expect(validate(throwing, 0)).toEqual(invalid);
    expect(
      await validate(
        schemaOf(() => Promise.reject(cause)),
        0,
      ),
    ).toEqual(invalid);
    for (const nonsense of [undefined, null, { issues: 5 }]) {
      expect(
        validate(
          schemaOf(() => nonsense as never),
          0,
        ),
      ).toMatchObject({ valid: false, issueCount: 0 });
    }
  });
});

describe('checkSchema', () => {
  it('takes objects and functions that follow Standard Schema', () => {
    const schema = schemaOf((value) => ({ value }));
    expect(checkSchema(schema, 'schema')).toBe(schema);
    const callable = Object.assign(() => undefined, schema);
    expect(checkSchema(callable, 'schema')).toBe(callable);
  });

  it.each([null, undefined, {}, 5, () => undefined, { '~standard': {} }, { parse: () => 5 }])(
    'refuses %s',
    (schema) => {
      expect(() => checkSchema(schema as never, 'schema')).toThrow(
        /^schema must be a schema that follows Standard Schema/,
      );
    },
  );
});
