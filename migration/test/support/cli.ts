import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { guardChild } from '@strangler-toolkit/dev-stack';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
  /** Resolves when stderr or stdout has shown the text. @throws what it has shown instead, when that is a hang */
  shows(text: string): Promise<void>;
  /** What it has shown until now, stderr first. */
  said(): string;
}

/** How long a command may say nothing of what is waited for, milliseconds. */
const hangMs = 240_000;

const bin = fileURLToPath(new URL('../../bin/strangler.js', import.meta.url));

/** Starts the command line as a person does: the plain file, no flags of Node. */
export function startCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): RunningCli {
  const {
    STRANGLER_CONTROL_URL: _url,
    STRANGLER_CONTEXTS: _dir,
    UNLEASH_URL: _unleash,
    NODE_OPTIONS: options,
    ...rest
  } = process.env;
  // By options of Node only the mistakes come that scripts/mutants plants.
  const planted = rest.PLANTED_MUTANT === undefined ? {} : { NODE_OPTIONS: options };
  const child = spawn(process.execPath, [bin, ...args], {
    env: { ...rest, ...planted, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  guardChild(child);
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    for (const watch of watchers) watch();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const watch of watchers) watch();
  });
  const done = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    done,
    said: () => stderr + stdout,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const hung = setTimeout(
          () => reject(new Error(`waited ${hangMs / 1_000} s for "${text}": ${stderr}${stdout}`)),
          hangMs,
        );
        const watch = (): void => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          watchers.delete(watch);
          clearTimeout(hung);
          resolve();
        };
        watchers.add(watch);
        watch();
        void done.then(({ code }) => {
          clearTimeout(hung);
          reject(new Error(`ended with ${code} before "${text}" was shown: ${stderr}`));
        });
      }),
  };
}

export const cli = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<CliResult> => startCli(args, env).done;

export const json = <T = Record<string, unknown>>(result: CliResult): T =>
  JSON.parse(result.stdout) as T;
