/** What operators see and readers follow, on one running gateway: each suite with the same owner, one after the other. */
import { newOperating } from '../support/operating.ts';
import { afterAll, beforeAll } from '@jest/globals';
import { eventStreamsSuite } from '../suites/event-streams-suite.ts';
import { logSuite } from '../suites/log-suite.ts';
import { metricsSuite } from '../suites/metrics-suite.ts';

const operating = newOperating();
beforeAll(() => operating.begin(), 120_000);
afterAll(() => operating.end());

eventStreamsSuite(operating);
metricsSuite(operating);
logSuite(operating);
