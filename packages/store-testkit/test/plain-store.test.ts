import { describeStore } from '../src/vitest.ts';
import { plainHarness, plainLiveHarness } from './harnesses.ts';

describeStore(plainHarness());
describeStore(plainLiveHarness);
