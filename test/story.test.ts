import { storySuite } from './suites/story-suite.ts';
import { startTestSystem } from './support/running-system.ts';

storySuite('on one gateway', () => startTestSystem());
