import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';

/** What a child says once it serves. */
export interface Listening {
  readonly port: number;
  readonly adminPort: number;
}

export interface Child {
  readonly number: number;
  /** Undefined: it does not serve yet, or no more. */
  readonly listening: Listening | undefined;
}

interface Running {
  readonly number: number;
  worker: Worker | undefined;
  listening: Listening | undefined;
  /** How often it ended soon after it began. */
  quick: number;
  /** It is to read its files again, and would have ended of being told before it served. */
  owed: boolean;
}

const isListening = (message: unknown): message is { readonly listening: Listening } =>
  typeof message === 'object' && message !== null && 'listening' in message;

const firstWaitMs = 100;
const longestWaitMs = 10_000;
/** One that served so long did not end of what it began with. */
const soonMs = 10_000;

/** Processes of one facade, each started again when it ends. */
export class Children {
  readonly #all: readonly Running[];
  readonly #name: string;
  readonly #log: Logger;
  #started = false;
  #stopping = false;
  #stopped: () => void = () => {};

  constructor(count: number, name: string, log: Logger) {
    this.#name = name;
    this.#log = log;
    this.#all = Array.from({ length: count }, (_, index) => ({
      number: index + 1,
      worker: undefined,
      listening: undefined,
      quick: 0,
      owed: false,
    }));
  }

  get all(): readonly Child[] {
    return this.#all;
  }

  /** The first alone: what keeps it from serving keeps all, and is said once. Undefined: all serve; else its exit code. */
  async start(): Promise<number | undefined> {
    const [first, ...others] = this.#all;
    if (!first) return undefined;
    const code = await this.#begin(first);
    if (code !== undefined) return code;
    this.#started = true;
    // who is told to stop meanwhile begins nobody that nobody would tell
    if (this.#stopping) return undefined;
    await Promise.all(others.map((one) => this.#begin(one)));
    return undefined;
  }

  /** Each reads its files again: one that does not serve yet, as soon as it does. */
  readAgain(): void {
    for (const one of this.#all)
      if (one.listening) one.worker?.process.kill('SIGHUP');
      else one.owed = true;
  }

  /** Resolves when all have drained. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ended = new Promise<void>((resolve) => (this.#stopped = resolve));
    for (const { worker } of this.#all) worker?.process.kill('SIGTERM');
    if (this.#running === 0) return;
    await ended;
  }

  get #running(): number {
    return this.#all.filter(({ worker }) => worker !== undefined).length;
  }

  /** Resolves when it serves, undefined, or when it ended before it did, with its exit code. */
  #begin(one: Running): Promise<number | undefined> {
    const began = performance.now();
    return new Promise((resolve) => {
      const ended = (code: number | null, how: object): void => {
        const wasListening = one.listening !== undefined;
        one.worker = one.listening = undefined;
        resolve(code ?? 1);
        if (this.#stopping) return void (this.#running === 0 && this.#stopped());
        if (!this.#started && !wasListening) return;
        this.#again(one, performance.now() - began, how);
      };
      // without memory or files left; those that serve must not end of it
      const neverBegan = (error: unknown): void => {
        this.#log.error({ process: one.number, problem: String(error) }, 'a process cannot begin');
        ended(null, {});
      };
      let worker: Worker;
      try {
        worker = this.#fork(one);
      } catch (error) {
        return neverBegan(error);
      }
      one.worker = worker;
      worker.on('error', (error) => {
        if (worker.process.pid === undefined) neverBegan(error);
      });
      worker.on('message', (message: unknown) => {
        if (!isListening(message)) return;
        one.listening = message.listening;
        const { pid } = worker.process;
        this.#log.info({ process: one.number, pid }, 'a process serves');
        resolve(undefined);
        if (one.owed) worker.process.kill('SIGHUP');
        one.owed = false;
      });
      worker.on('exit', (code: number | null, signal: string | null) =>
        ended(code, { pid: worker.process.pid, code, signal }),
      );
    });
  }

  #fork({ number }: Running): Worker {
    return cluster.fork({
      FACADE_NAME: `${this.#name}-${number}`,
      FACADE_PROCESSES: String(this.#all.length),
      FACADE_ADMIN_HOST: '127.0.0.1',
      FACADE_ADMIN_PORT: '0',
    });
  }

  #again(one: Running, livedMs: number, how: object): void {
    one.quick = livedMs < soonMs ? one.quick + 1 : 0;
    const inMs = Math.min(firstWaitMs * 2 ** one.quick, longestWaitMs);
    this.#log.error({ process: one.number, ...how, inMs }, 'a process ended: it is started again');
    setTimeout(() => {
      if (!this.#stopping) void this.#begin(one);
    }, inMs);
  }
}
