/**
 * The command `holdfast`.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { openThreadPool, type Order, type Outcome } from '@holdfast/protocol/threads.js';
import { Piscina } from 'piscina';
import { runCommand } from './cli/program.ts';

const { env, stdin, stdout, stderr } = process;
const worker = new URL('./worker.js', import.meta.url).href;
const pool = openThreadPool(
  availableParallelism(),
  (kept) => new Piscina<Order, Outcome>({ ...kept, filename: worker }),
);
// the process ends here even where an abandoned request still hangs
process.exit(await runCommand(process.argv.slice(2), { env, stdin, stdout, stderr, pool }));
