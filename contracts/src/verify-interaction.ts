import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ContractsError } from './contracts-error.ts';

export interface InteractionTask {
  readonly provider: string;
  readonly pact: string;
  readonly file: string;
  readonly url: string;
  readonly stateUrl?: string | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

// Beside this file, as source or built: .ts or .js like it.
const verifier = fileURLToPath(
  new URL(`./verifier-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

/**
 * In a process of its own: the native core prints its findings to stdout, where only a parent can catch them, cannot be
 * interrupted, and does not load into every test runner.
 */
export async function verifyInteraction(
  task: InteractionTask,
): Promise<{ ok: boolean; mismatch: string }> {
  if (task.signal?.aborted)
    throw new ContractsError('CANCELLED', 'The verification of pacts was cancelled');
  await writeFile(task.file, task.pact);
  const settings = JSON.stringify({
    provider: task.provider,
    url: task.url,
    stateUrl: task.stateUrl,
    file: task.file,
    timeoutMs: task.timeoutMs,
  });
  const child = spawn(process.execPath, [verifier, settings], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PACT_DO_NOT_TRACK: 'true', NO_COLOR: '1' },
  });
  let output = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  const cancel = (): void => void child.kill('SIGKILL');
  task.signal?.addEventListener('abort', cancel, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, task.timeoutMs + 10_000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (task.signal?.aborted)
      throw new ContractsError('CANCELLED', 'The verification of pacts was cancelled');
    if (code === 0) return { ok: true, mismatch: '' };
    return {
      ok: false,
      mismatch: late ? `no verdict within ${task.timeoutMs + 10_000} ms` : readable(output),
    };
  } finally {
    clearTimeout(timer);
    task.signal?.removeEventListener('abort', cancel);
  }
}

/** From the first finding on; before it stands only what was asked. */
function readable(output: string): string {
  const text = stripVTControlCharacters(output).trim();
  const failures = text.indexOf('Failures:');
  const findings =
    (failures === -1 ? text : text.slice(failures + 'Failures:'.length)).split(
      /There were \d+ pact failures|\n\[[^\]\n]*\] ERROR/,
    )[0] ?? '';
  return (findings.trim() || text).slice(0, 4_000);
}
