import type { Binaries, Network, Step } from './network.mjs';

export function backup(
  network: Network,
  target: string,
  step: Step,
): Promise<{ readonly count: number; readonly bytes: number }>;
export function restore(
  target: string,
  folder: string,
  bins: Binaries,
  step: Step,
): Promise<{ readonly network: Network; readonly at: string }>;
