import { SCENARIO_NAMES } from '../scenario/scenario-name.ts';
import { STORE_NAMES } from '../store/store-name.ts';

/** What `--help` prints. */
export const HELP_TEXT = `larder bench: replays real and generated requests through a cache, and measures it beside others.

Usage: npm run bench [-- options]

  --scenario NAMES   which to run, separated by commas: ${SCENARIO_NAMES.join(', ')}
                     (default: all; with --trace: trace alone)
  --trace FILE       replay this trace instead of the recorded one: one key a line, gzipped or not
  --store NAMES      where entries live, separated by commas: ${STORE_NAMES.join(', ')} (default: memory);
                     redis uses the server of REDIS_URL, under a prefix of its own, or else starts one
  --duration TIME    bound of each generated scenario, and of micro, for each store: 10s, 500ms
                     (default: 5s, micro 15s, of redis 60s)
  --size ENTRIES     entries a cache may hold (default: a tenth of the distinct keys)
  --latency TIME     how long the source takes: 2ms, 0, 1.5s (default: 2ms)
  --concurrency N    requests in flight (default: 48; 1 = one after the other)
  --value-bytes N    bytes of each value: 200, 10kb (default: 200)
  --seed N           of the generated workloads (default: 1)
  --out FOLDER       where report.html and report.json go (default: bench-report)
  --json FILE        write the JSON there too
  --help, --version

Exit codes: 0 done, 1 a wrong value or another failure, 2 a bad argument or file, 130 stopped by Ctrl-C
(what had been measured by then is printed and written).
`;
