import { describeStore } from '../src/vitest.ts';
import { remoteHarness, remoteLiveHarness } from './harnesses.ts';

describeStore(remoteHarness());
describeStore(remoteLiveHarness);
