import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { ContractsError } from './contracts-error.ts';
import {
  replyMark,
  type VerifierReply,
  type VerifierSettings,
  type VerifierTask,
} from './verifier-protocol.ts';

// Beside this file, as source or built: .ts or .js like it.
const program = fileURLToPath(
  new URL(`./verifier-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export interface TaskOutcome {
  readonly ok: boolean;
  readonly notEntered?: string;
  /** Why the source of messages could not be looked at. */
  readonly silent?: string;
  /** What differed, in the verifier's words; empty when ok. */
  readonly mismatch: string;
}

/**
 * In a process of its own: the native core prints its findings to stdout, where only a parent can catch them, cannot be
 * interrupted, and does not load into every test runner. One process for all interactions of a side, because
 * starting it costs more than most interactions.
 */
export class VerifierProcess {
  readonly #settings: VerifierSettings;
  readonly #signal: AbortSignal | undefined;
  #child: ChildProcessWithoutNullStreams | undefined;

  constructor(settings: VerifierSettings, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#signal = signal;
  }

  /** One at a time. @throws ContractsError CANCELLED when the signal fires */
  async verify(task: VerifierTask): Promise<TaskOutcome> {
    const cancelled = (): ContractsError =>
      new ContractsError('CANCELLED', 'The verification of pacts was cancelled');
    if (this.#signal?.aborted) throw cancelled();
    const child = (this.#child ??= this.#start());
    // Provider, state and start of the process have their own limits; this one is for a core that hangs.
    const limitMs = 2 * this.#settings.timeoutMs + 30_000;
    const cancel = (): void => this.stop();
    this.#signal?.addEventListener('abort', cancel, { once: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.stop();
    }, limitMs);
    try {
      const { output, reply } = await ask(child, task);
      if (this.#signal?.aborted) throw cancelled();
      if (late) return { ok: false, mismatch: `no verdict within ${limitMs} ms` };
      if (reply === undefined) {
        this.stop();
        return { ok: false, mismatch: `the verifier ended without a verdict\n${readable(output)}` };
      }
      if (reply.notEntered !== undefined)
        return { ok: false, notEntered: reply.notEntered, mismatch: '' };
      if (reply.silent !== undefined) return { ok: false, silent: reply.silent, mismatch: '' };
      if (reply.unpublished) return { ok: false, mismatch: reply.message ?? '' };
      if (reply.ok) return { ok: true, mismatch: '' };
      return { ok: false, mismatch: readable(`${output}\n${reply.message ?? ''}`) };
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener('abort', cancel);
    }
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  #start(): ChildProcessWithoutNullStreams {
    // With a broker's address in its environment the core would verify what lies there, besides what it is given.
    const { PACT_BROKER_BASE_URL: _broker, ...env } = process.env;
    const child = spawn(process.execPath, [program], {
      stdio: 'pipe',
      env: { ...env, PACT_DO_NOT_TRACK: 'true', NO_COLOR: '1' },
    });
    // A process that died is noticed by the end of its output.
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${JSON.stringify(this.#settings)}\n`);
    return child;
  }
}

/** What was printed until the reply; no reply when the process ended first. */
function ask(
  child: ChildProcessWithoutNullStreams,
  task: VerifierTask,
): Promise<{ output: string; reply: VerifierReply | undefined }> {
  return new Promise((resolve, reject) => {
    let [output, complaints] = ['', ''];
    const collect = (data: Buffer): void => {
      output += data.toString();
      const mark = output.indexOf(replyMark);
      const end = mark === -1 ? -1 : output.indexOf('\n', mark);
      if (end === -1) return;
      // Written by the child, which is this package.
      const reply = JSON.parse(output.slice(mark + replyMark.length, end)) as VerifierReply;
      settle(() => resolve({ output: output.slice(0, mark) + complaints, reply }));
    };
    const complain = (data: Buffer): void => void (complaints += data.toString());
    const ended = (): void =>
      settle(() => resolve({ output: output + complaints, reply: undefined }));
    const failed = (error: Error): void => settle(() => reject(error));
    const settle = (then: () => void): void => {
      child.stdout.off('data', collect);
      child.stderr.off('data', complain);
      child.off('close', ended);
      child.off('error', failed);
      then();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', complain);
    child.once('close', ended);
    child.once('error', failed);
    child.stdin.write(`${JSON.stringify(task)}\n`);
  });
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
