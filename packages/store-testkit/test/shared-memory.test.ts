import { describeStore } from '../src/vitest.ts';
import { sharedHarness } from './harnesses.ts';

describeStore(sharedHarness());
