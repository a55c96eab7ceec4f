/**
 * The command `holdfast`.
 *
 * @module
 */
import { runCommand } from './cli/program.ts';
import { openWorkerPool } from './worker-pool.ts';

const { env, stdin, stdout, stderr } = process;
const pool = openWorkerPool(new URL('./worker.js', import.meta.url));
// the process ends here even where an abandoned request still hangs
process.exit(await runCommand(process.argv.slice(2), { env, stdin, stdout, stderr, pool }));
