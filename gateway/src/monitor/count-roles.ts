/**
 * What key servers and the provider do, for Prometheus.
 *
 * @module
 */
import { Counter, type Registry } from 'prom-client';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { RepairOutcome } from '../provider/figures.ts';
import type { KeyServer, Provider } from '../roles.ts';

type Outcome = 'evaluated' | 'limited' | 'refused' | 'failed';

/** (Agent) The same key servers, their evaluations counted. */
export function countedKeyServers(
  keyServers: ReadonlyMap<string, KeyServer>,
  registry: Registry,
): ReadonlyMap<string, KeyServer> {
  const evaluations = new Counter({
    name: 'holdfast_oprf_evaluations_total',
    help: 'Blinded elements that came to be evaluated, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return new Map(
    [...keyServers].map(([mspId, keyServer]) => [
      mspId,
      {
        mspId,
        async evaluate(ownerId, key, blinded, organisation) {
          let outcome: Outcome = 'evaluated';
          try {
            return await keyServer.evaluate(ownerId, key, blinded, organisation);
          } catch (error) {
            outcome = outcomeOf(error);
            throw error;
          } finally {
            evaluations.inc({ outcome }, blinded.length);
          }
        },
      },
    ]),
  );
}

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof HoldfastError)) return 'failed';
  if (error.code === 'RATE_LIMITED') return 'limited';
  return error.code === 'INPUT_INVALID' ? 'refused' : 'failed';
}

/** (Agent) The same provider, the bytes of its uploads counted as they come. */
export function countedProvider(provider: Provider, registry: Registry): Provider {
  const bytes = new Counter({
    name: 'holdfast_upload_bytes_total',
    help: 'Bytes of content that came for uploads, those of parts that broke off too',
    registers: [registry],
  });

  async function* counted(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of source) {
      bytes.inc(chunk.length);
      yield chunk;
    }
  }

  return {
    ...provider,
    write: (uploadId, part, offset, source) =>
      provider.write(uploadId, part, offset, part === 'content' ? counted(source) : source),
  };
}

/** (Provider) @returns what is told how each repair went. */
export function countRepairs(registry: Registry): (outcome: RepairOutcome) => void {
  const repairs = new Counter({
    name: 'holdfast_repairs_total',
    help: 'Repairs of conceded blocks that were tried, by how they went',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return (outcome) => repairs.inc({ outcome });
}
