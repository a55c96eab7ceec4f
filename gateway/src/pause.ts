/**
 * Waits between tries.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';

/** About so many milliseconds: from half to one and a half times, so that two that met do not meet again. */
export const pause = (ms: number): Promise<void> => delay(ms * (0.5 + Math.random()));
