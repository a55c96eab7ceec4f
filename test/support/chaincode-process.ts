/** A chaincode as operators run it, `fabric-chaincode-node server`, in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLedgerContract } from './build-ledger-contract.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** Ends it with SIGTERM unless another signal is named, and waits for that. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts the test contract at an address; whoever dials it must try until it listens. */
export function startLedgerContract(address: string): Child {
  return startChild([
    join(root, 'node_modules/fabric-shim/cli.js'),
    'server',
    '--chaincode-address',
    address,
    '--chaincode-id',
    'ledger-contract:1.0',
    '--module-path',
    buildLedgerContract(),
  ]);
}

/** A Node process in the root of the project; its standard error goes to ours when `VERBOSE` is set. */
export function startChild(args: readonly string[]): Child {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', process.env['VERBOSE'] === undefined ? 'pipe' : 'inherit'],
    env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL', NODE_OPTIONS: '' },
  });
  child.stdout?.resume();
  return {
    process: child,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
  };
}
