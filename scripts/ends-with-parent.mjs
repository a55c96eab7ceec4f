/**
 * Imported first into a process whose standard input is a pipe from its parent: it ends when the parent is gone, however
 * that ended.
 */
import { isMainThread } from 'node:worker_threads';

/** For an orderly end, milliseconds. */
const GRACE_MS = 10_000;

if (isMainThread) {
  process.stdin.once('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  });
  process.stdin.on('error', () => undefined).resume();
}
