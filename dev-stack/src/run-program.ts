import { startProcess, type ProcessOptions } from './child-process.ts';

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions extends Omit<ProcessOptions, 'ready' | 'readyTimeoutMs'> {
  readonly signal?: AbortSignal;
}

/** Runs a Node program to its end. Aborting kills it. */
export async function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  const printed = { stdout: [] as string[], stderr: [] as string[] };
  const running = await startProcess({
    ...options,
    ready: 'spawned',
    onLine(line, stream) {
      printed[stream].push(line);
      options.onLine?.(line, stream);
    },
  });
  const abort = (): void => void running.kill('SIGKILL');
  if (options.signal?.aborted) abort();
  options.signal?.addEventListener('abort', abort, { once: true });
  const end = await running.exit;
  options.signal?.removeEventListener('abort', abort);
  return { ...end, stdout: printed.stdout.join('\n'), stderr: printed.stderr.join('\n') };
}
