import { describeStore } from '../src/vitest.ts';
import { memoryHarness } from './harnesses.ts';

describeStore(memoryHarness());
