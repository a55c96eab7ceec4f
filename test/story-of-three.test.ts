/**
 * The roles split over three gateways, one an organisation, that reach each other over HTTP with mutual TLS. It takes as long
 * as the story does, so it runs beside it on a real network, and where SEVERAL says so on the embedded default.
 */
import { storySuite } from './suites/story-suite.ts';
import { startTestSystem } from './support/running-system.ts';

const isRun = process.env['NETWORK'] !== undefined || process.env['SEVERAL'] !== undefined;
const title = `on three gateways${isRun ? '' : ' (npm run test:network, or SEVERAL=1)'}`;

storySuite(title, () => startTestSystem({ several: true }), isRun);
