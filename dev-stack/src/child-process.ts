import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { guardProcess } from './guard.ts';
import { noteStart } from './note-start.ts';

export interface CommandOptions {
  /** Short name for messages and the log file. */
  name: string;
  command: string;
  args?: readonly string[];
  /** Added to this process' environment; undefined removes a variable. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /**
   * 'listening': resolves at the JSON log line with msg "listening". 'spawned': at once. A function: at the
   * first line for which it is true.
   */
  ready?: 'listening' | 'spawned' | ((line: string) => boolean);
  readyTimeoutMs?: number;
  /** Everything printed goes here too. */
  logFile?: string;
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

export interface ProcessOptions extends Omit<CommandOptions, 'command' | 'ready'> {
  /** JavaScript or TypeScript file that Node runs. */
  file: string;
  nodeOptions?: readonly string[];
  ready?: 'listening' | 'spawned';
}

export interface ExitStatus {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** The parsed "listening" line; empty when not waited for. */
  readonly listening: Readonly<Record<string, unknown>>;
  /** `port` of the listening line. */
  readonly port: number;
  readonly adminPort: number;
  readonly exit: Promise<ExitStatus>;
  readonly running: boolean;
  /** The last lines printed, oldest first. */
  logs(): string[];
  /** Sends a signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<ExitStatus>;
  /** SIGTERM, and SIGKILL when that does not help in time. */
  stop(graceMs?: number): Promise<ExitStatus>;
}

const ringSize = 2_000;

const parseListening = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith('{')) return undefined;
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' &&
      parsed !== null &&
      'msg' in parsed &&
      parsed.msg === 'listening'
      ? { ...parsed }
      : undefined;
  } catch {
    return undefined;
  }
};

function capture(
  child: ChildProcess,
  options: CommandOptions,
  onReady: (line: Record<string, unknown>) => void,
): string[] {
  const ring: string[] = [];
  const file: WriteStream | undefined = options.logFile
    ? createWriteStream(options.logFile, { flags: 'a' })
    : undefined;
  file?.on('error', () => {});
  const read = (stream: 'stdout' | 'stderr'): void => {
    const input = child[stream];
    if (!input) return;
    createInterface({ input }).on('line', (line) => {
      ring.push(line);
      if (ring.length > ringSize) ring.splice(0, ring.length - ringSize);
      file?.write(`${line}\n`);
      options.onLine?.(line, stream);
      if (typeof options.ready === 'function') {
        if (options.ready(line)) onReady({});
        return;
      }
      const listening = stream === 'stdout' ? parseListening(line) : undefined;
      if (listening) onReady(listening);
    });
  };
  read('stdout');
  read('stderr');
  child.once('close', () => file?.end());
  return ring;
}

/** Runs a Node program as a child that never outlives this process, not even after kill -9. */
export function startProcess({
  file,
  nodeOptions = ['--conditions=strangler-source'],
  args = [],
  ...options
}: ProcessOptions): Promise<RunningProcess> {
  return startCommand({
    ...options,
    command: process.execPath,
    args: [...nodeOptions, file, ...args],
  });
}

/** Runs any program as a child that never outlives this process, not even after kill -9. */
export async function startCommand(options: CommandOptions): Promise<RunningProcess> {
  const env = { ...process.env, ...options.env };
  // A group of its own: Ctrl-C reaches only the parent, which stops its children in the right order.
  const child = spawn(options.command, options.args ?? [], {
    cwd: options.cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const spawned = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  noteStart(options.name);
  const release = guardProcess(spawned, 'group');
  let heard: (line: Record<string, unknown>) => void = () => {};
  const listening = new Promise<Record<string, unknown>>((resolve) => {
    heard = resolve;
  });
  const ring = capture(child, options, (line) => heard(line));
  let status: ExitStatus | undefined;
  const exit = new Promise<ExitStatus>((resolve) => {
    child.once('close', (code, signal) => {
      release();
      status = { code, signal };
      resolve(status);
    });
  });
  const kill = (signal: NodeJS.Signals = 'SIGTERM'): Promise<ExitStatus> => {
    if (!status) child.kill(signal);
    return exit;
  };

  const last = (): string => ring.slice(-30).join('\n');
  let line: Record<string, unknown> = {};
  if (options.ready !== 'spawned') {
    const limit = options.readyTimeoutMs ?? 300_000;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, limit, 'late');
    });
    const first = await Promise.race([listening, exit.then((end) => ({ end })), late]);
    clearTimeout(timer);
    if (first === 'late') {
      await kill('SIGKILL');
      throw new Error(
        `${options.name} was not listening after ${limit} ms. It printed:\n${last()}`,
      );
    }
    if (status)
      throw new Error(
        `${options.name} ended with ${JSON.stringify(status)} before it was listening. It printed:\n${last()}`,
      );
    line = first as Record<string, unknown>;
  }
  return {
    name: options.name,
    pid: spawned,
    listening: line,
    port: Number(line.port ?? 0),
    adminPort: Number(line.adminPort ?? 0),
    exit,
    get running() {
      return status === undefined;
    },
    logs: () => [...ring],
    kill,
    async stop(graceMs = 10_000) {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const end = await kill('SIGTERM');
      clearTimeout(timer);
      return end;
    },
  };
}
