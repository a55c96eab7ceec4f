/**
 * The transaction that registered a file, asked for by who was not told of it.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Monitor } from '../monitor/monitor.ts';

const PAGE = 100;

/**
 * (Agent) From the monitor's records.
 *
 * @param signal - ends the wait for a monitor that has not come so far yet.
 * @throws `NOT_FOUND` where the file was never registered.
 */
export async function registrationOf(
  monitor: Pick<Monitor, 'alertsOf' | 'file' | 'onChange'>,
  ownerId: string,
  fileId: string,
  signal: AbortSignal,
): Promise<string> {
  await seen(monitor, fileId, signal);
  for (let after: string | undefined; ;) {
    const range = after === undefined ? {} : { after };
    const alerts = await monitor.alertsOf(ownerId, { ...range, limit: PAGE });
    for (const alert of alerts) {
      if (alert.event === 'FileRegistered' && alert.fileId === fileId) return alert.transactionId;
    }
    after = alerts.at(-1)?.id;
    if (alerts.length < PAGE) throw new HoldfastError('NOT_FOUND', `no file ${fileId} was seen`);
  }
}

async function seen(
  monitor: Pick<Monitor, 'file' | 'onChange'>,
  fileId: string,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (signal.aborted || monitor.file(fileId) !== undefined) resolve();
    };
    monitor.onChange(look, over.signal);
    signal.addEventListener('abort', look, { once: true, signal: over.signal });
    look();
  });
  over.abort();
}
