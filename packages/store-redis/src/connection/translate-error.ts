import { CacheError, CacheErrorCode, isCacheError } from '@larder/cache-core';

/** Whether the server carried out what it was asked for. */
type Applied = 'no' | 'unknown';

const MAX_TEXT = 200;
const REPLY_CODE = /^([A-Z][A-Z0-9_]{1,31})(?: |$)/;
/** Redis quotes the arguments of a command that it does not know: values, or a password. */
const QUOTED_ARGUMENTS = /,? ?with args beginning with.*$/is;

interface ReplyMeaning {
  readonly code: CacheErrorCode;
  /** Follows "Redis at <host>:<port>". */
  readonly text: string;
  readonly retryable: boolean;
}

const unavailable = (text: string): ReplyMeaning => ({
  code: CacheErrorCode.STORE_UNAVAILABLE,
  text,
  retryable: true,
});
const failed = (text: string, retryable = false): ReplyMeaning => ({
  code: CacheErrorCode.STORE_FAILED,
  text,
  retryable,
});

const CLUSTER = failed(
  'is a node of a Redis Cluster, which is not supported yet. Give the address of a standalone server.',
);

/** Replies with which a server refuses before anything is changed, also in a script: it looks before the first write. */
const REFUSALS: ReadonlyMap<string, ReplyMeaning> = new Map([
  ['LOADING', unavailable('is still loading its data. Wait, it is tried again by itself.')],
  ['MASTERDOWN', unavailable('is a replica that has lost its primary. Give the address of the primary.')],
  [
    'READONLY',
    unavailable('has become a read-only replica. The connection is opened anew to find the primary.'),
  ],
  ['BUSY', unavailable("is busy with somebody's script. End it with SCRIPT KILL.")],
  ['TRYAGAIN', unavailable('asks to try again later.')],
  ['OOM', failed("is out of memory. Raise 'maxmemory', or set 'maxmemory-policy' to allkeys-lru.", true)],
  ['MISCONF', failed('cannot save its data to disk and therefore refuses to write. See its log.', true)],
  [
    'NOREPLICAS',
    failed("has fewer replicas than 'min-replicas-to-write' asks for, and refuses to write.", true),
  ],
  ['NOAUTH', unavailable('asks for a password. Give it in the URL or as an option.')],
  ['WRONGPASS', unavailable('refuses this user or password. Check both, and that the user is enabled.')],
  ['MOVED', CLUSTER],
  ['ASK', CLUSTER],
  ['CLUSTERDOWN', CLUSTER],
  ['CROSSSLOT', CLUSTER],
  ['NOSCRIPT', failed('does not know the script.', true)],
  ['EXECABORT', failed('refused the transaction.')],
]);

const NO_PERMISSION = failed(
  'does not allow its user to do this. Give that user +@all on the keys and channels of the prefix (ACL SETUSER).',
);

/** What is known about the connection on which something failed. */
export interface FailureContext {
  /** `host:port`, as a person may see it. */
  readonly shown: string;
  /** Why the connection was given up, where it was; without a full stop. */
  readonly lost?: string | undefined;
  /** The code for that. Default `STORE_UNAVAILABLE`. */
  readonly lostCode?: CacheErrorCode | undefined;
  /** Commands of a caller's may be on their way. Before, only those of the handshake were. */
  readonly inUse: boolean;
}

/**
 * An error of ioredis as one of ours: with a code, with `details.applied`, and, where the server has answered, with
 * `details.reply`, the first word of its reply. The original is not its `cause`, since it holds the command's arguments:
 * a new error with at most 200 characters of the server's text is.
 */
export function translateError(error: unknown, context: FailureContext): CacheError {
  if (isCacheError(error)) return error;
  if (nameOf(error) === 'ReplyError') return translateReply(error as Error, context);
  // The client has looked before it wrote.
  const sent = context.inUse && !/isn't writeable|subscriber mode/.test(textOf(error));
  return connectionLost(context.lost ?? reasonOf(error), context.shown, {
    applied: sent ? 'unknown' : 'no',
    code: context.lostCode,
    cause: error,
  });
}

/** A connection that broke, or could not be made. `reason` has no full stop. */
export function connectionLost(
  reason: string,
  shown: string,
  more: { applied: Applied; code?: CacheErrorCode | undefined; cause?: unknown },
): CacheError {
  const { applied, code = CacheErrorCode.STORE_UNAVAILABLE, cause } = more;
  const retryable = code === CacheErrorCode.STORE_UNAVAILABLE;
  const fate = applied === 'no' ? 'Nothing was sent.' : 'What was sent may have been carried out.';
  const advice = retryable ? 'It is opened again by itself.' : 'Call connect() to open it again.';
  return new CacheError(`The connection to Redis at ${shown} is down: ${reason}. ${fate} ${advice}`, code, {
    retryable,
    details: { applied },
    cause: cause === undefined ? undefined : sanitized(cause),
  });
}

/** What broke a connection, for a person; without a full stop. */
export function reasonOf(error: unknown): string {
  if (isCacheError(error)) return error.message.replace(/\.$/, '');
  const text = textOf(error);
  if (isGarbage(error, text)) return 'what answers there does not speak the protocol of Redis';
  if (text === 'Connection is closed.') return 'it was closed by the other side';
  return text.replace(/\.$/, '') || 'it failed for a reason unknown';
}

/** Whether the other side does not speak RESP, or not as a server should. */
function isGarbage(error: unknown, text: string): boolean {
  return nameOf(error) === 'ParserError' || /^Unknown RESP type|Please report this\.?$/.test(text);
}

function translateReply(error: Error, context: FailureContext): CacheError {
  const reply = REPLY_CODE.exec(error.message)?.[1] ?? 'ERR';
  const refusal = REFUSALS.get(reply);
  const meaning = refusal ?? (reply === 'NOPERM' ? NO_PERMISSION : failed(`answered: ${endless(error)}.`));
  const applied: Applied = refusal !== undefined || !isScript(error) ? 'no' : 'unknown';
  return new CacheError(`Redis at ${context.shown} ${meaning.text}`, meaning.code, {
    retryable: meaning.retryable,
    details: { applied, reply },
    cause: sanitized(error),
  });
}

/** A script that fails half-way is not rolled back. */
function isScript(error: Error): boolean {
  const { command } = error as { command?: { name?: unknown } };
  return /^(?:evalsha|eval|fcall)$/i.test(String(command?.name));
}

/** The error without what hangs on it: arguments of the command, buffers, sockets. */
function sanitized(error: unknown): Error {
  const clean: Error & { code?: string } = new Error(textOf(error));
  clean.name = nameOf(error) ?? 'Error';
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string') clean.code = code;
  return clean;
}

function endless(error: Error): string {
  return textOf(error).replace(/\.$/, '');
}

function textOf(error: unknown): string {
  // Several addresses were tried: the errors of all are inside, the message is empty.
  const first = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  const message = (first as { message?: unknown } | null)?.message;
  const text = typeof message === 'string' ? message : '';
  return text.replace(QUOTED_ARGUMENTS, '').slice(0, MAX_TEXT);
}

function nameOf(error: unknown): string | undefined {
  const name = (error as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : undefined;
}
