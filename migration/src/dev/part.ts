import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from '@strangler-toolkit/plan';

/** One process of several that belong together. */
export interface PartPlan {
  /** As its lines are marked: `facade-1`, `worker hours`. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Environment;
}

export interface Part {
  readonly name: string;
  /** How it ended, whoever ended it. */
  readonly ended: Promise<string>;
  /** Asks it to end, and ends it when it has not by then. */
  stop(): Promise<void>;
}

/** Longest that a part may take to end by itself, milliseconds. */
const graceMs = 4_000;

/**
 * A part whose starter is gone, also by `kill -9`, has no channel to it any more: it ends as if somebody had asked it to. Who
 * listens to the channel would be kept alive by it, though its work is done.
 */
const endWithStarter =
  'data:text/javascript,process.once("disconnect",()=>process.kill(process.pid,"SIGTERM"));process.channel?.unref()';

/** In a process group of its own: the terminal's Ctrl-C comes to the starter alone, and each part is asked once. */
export function startPart(
  { name, file, args, env }: PartPlan,
  onLine: (line: string) => void,
): Part {
  const child = spawn(process.execPath, ['--import', endWithStarter, file, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr])
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  return {
    name,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(late);
    },
  };
}
