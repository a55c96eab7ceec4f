/**
 * An owner's alerts as events: what is stored after an id, then each as it comes.
 *
 * @module
 */
import type { Monitor } from '../monitor/monitor.ts';
import type { Event } from './event-stream.ts';

/** Alerts read at once. */
const PAGE = 100;

/** @param after - id of the last alert that was seen; undefined: from the first. */
export async function* alertEvents(
  monitor: Pick<Monitor, 'alertsOf' | 'onChange'>,
  ownerId: string,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Event, void> {
  let wake = (): void => undefined;
  monitor.onChange(() => wake(), signal);
  signal.addEventListener('abort', () => wake(), { once: true });
  let last = after;
  while (!signal.aborted) {
    // before it is read: what comes meanwhile is not missed
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const range = last === undefined ? {} : { after: last };
    const alerts = await monitor.alertsOf(ownerId, { ...range, limit: PAGE });
    for (const alert of alerts) {
      last = alert.id;
      yield { id: alert.id, name: alert.event, body: alert };
    }
    if (alerts.length < PAGE && !signal.aborted) await changed;
  }
}
