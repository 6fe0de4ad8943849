import { describeStore } from '../src/vitest.ts';
import { remoteHarness } from './harnesses.ts';

describeStore(remoteHarness());
