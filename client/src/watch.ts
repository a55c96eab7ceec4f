/**
 * What happens to the owner's files, as it happens: server-sent events (HTML standard, section 9.2) by a signed request,
 * which the browser's EventSource cannot send.
 *
 * Alerts are the gateway's word, made to wake somebody up: what one relies on is read attested.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { alert, type Alert } from '@holdfast/protocol/alert-messages.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import type { GatewayApi } from './gateway-api.ts';

const PAUSE_MS = 2_000;
/** Characters of a line: an alert has a few hundred. */
const LONGEST_LINE = 65_536;
/** Lines of one event. */
const MOST_LINES = 16;
const LINE_END = /\r\n|\n|\r/;

/**
 * (Owner) Yields alerts until `signal` says to stop, over connections that break and gateways that restart.
 *
 * @param after - id of the last alert that was handled: nothing after it is left out.
 */
export async function* watchAlerts(
  api: GatewayApi,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Alert, void> {
  let last = after;
  while (!signal.aborted) {
    try {
      for await (const one of connection(api, last, signal)) {
        last = one.id;
        yield one;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof HoldfastError) || error.code !== 'GATEWAY_UNREACHABLE') throw error;
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function* connection(
  api: GatewayApi,
  after: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Alert, void> {
  const headers = {
    accept: 'text/event-stream',
    ...(after === undefined ? {} : { 'last-event-id': after }),
  };
  const response = await api.request('GET', '/v1/alerts', { headers, signal });
  for await (const data of eventTexts(textOf(response))) {
    yield parseJson(alert, data, 'an alert');
  }
}

/** @throws `GATEWAY_UNREACHABLE` where the stream breaks off. */
async function* textOf(response: Response): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const step = await reader?.read();
      if (step === undefined || step.done) return;
      yield decoder.decode(step.value as Uint8Array, { stream: true });
    }
  } catch (cause) {
    throw new HoldfastError('GATEWAY_UNREACHABLE', 'the stream of alerts broke off', { cause });
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

/** The data of each event; comments, and what has not come to its empty line, are left out. */
export async function* eventTexts(text: AsyncIterable<string>): AsyncGenerator<string, void> {
  let rest = '';
  let data: string[] = [];
  for await (const chunk of text) {
    const lines = (rest + chunk).split(LINE_END);
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new HoldfastError('ANSWER_FALSE', 'a line without end');
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      if (data.length > MOST_LINES) throw new HoldfastError('ANSWER_FALSE', 'an event without end');
      if (line !== '' || data.length === 0) continue;
      yield data.join('\n');
      data = [];
    }
  }
}
