import { fileURLToPath } from 'node:url';
import { startProcess } from '@strangler-toolkit/dev-stack';
import { context, type Site } from './site.ts';

export interface Worker {
  readonly pid: number;
  stop(): Promise<void>;
  /** Fails when the worker ended by itself. */
  readonly assertAlive: () => void;
}

/** Our worker as a user runs it: the command line in a process of its own. */
export async function startWorker(
  site: Site,
  { restart = false }: { restart?: boolean } = {},
): Promise<Worker> {
  const running = await startProcess({
    name: 'worker',
    file: fileURLToPath(new URL('../../../migration/bin/strangler.js', import.meta.url)),
    nodeOptions: [],
    ready: 'spawned',
    args: ['replicate', context, '--yes', ...(restart ? ['--restart'] : [])],
    env: { STRANGLER_TRANSPORT: 'embedded', ...site.env },
  });
  let wanted = false;
  const stop = async (): Promise<void> => {
    wanted = true;
    await running.stop(15_000);
  };
  site.onClose(stop);
  return {
    pid: running.pid,
    stop,
    assertAlive() {
      if (!running.running && !wanted)
        throw new Error(`the worker ended:\n${running.logs().slice(-15).join('\n')}`);
    },
  };
}
