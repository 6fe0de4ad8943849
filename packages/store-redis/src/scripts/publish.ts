import { defineScript } from '../connection/script-runner.ts';
import { PRELUDE } from './prelude.ts';

/** Announces what is not in this store. ARGV[3] is the client part of the message. Answers the new sequence. */
export const PUBLISH = defineScript(`${PRELUDE}
local epoch, prev, seq = advance()
announce(epoch, prev, seq, ARGV[3])
return seq
`);

/** Begins an incarnation where there is none. Answers the sequence as it stands. */
export const BEGIN = defineScript(`${PRELUDE}
local epoch, seq = current()
return seq
`);
