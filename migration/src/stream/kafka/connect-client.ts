import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
import { type Answer, judgeAnswer } from './connect-answer.ts';
import type { ConnectorConfig } from './connector-config.ts';

export type ConnectorState =
  'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'UNASSIGNED' | 'RESTARTING' | (string & {});

export interface ConnectorStatus {
  readonly state: ConnectorState;
  /** Why the connector itself failed. */
  readonly trace?: string;
  readonly worker: string;
  readonly tasks: readonly {
    readonly state: ConnectorState;
    readonly trace?: string;
    readonly worker: string;
  }[];
}

export interface ConnectClientOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for one answer (default 60 s: registering validates the connection to the database). */
  readonly timeoutMs?: number;
  /** Longest time that "busy, ask again" is taken for an answer (default 60 s). */
  readonly busyMs?: number;
}

/** Longest time that another's answer is taken for Connect's start, which lasts seconds. */
const startingMs = 15_000;

export interface ConnectorPlugin {
  readonly class: string;
  readonly version: string;
}

/** Kafka Connect's REST interface. `undefined` stands for what does not exist. */
export class ConnectClient {
  readonly #url: string;
  readonly #authorization: string | undefined;
  readonly #options: ConnectClientOptions;

  constructor(url: string, options: ConnectClientOptions = {}) {
    const parsed = new URL(url);
    if (parsed.username !== '') {
      const user = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
      this.#authorization = `Basic ${Buffer.from(user).toString('base64')}`;
    }
    parsed.username = '';
    parsed.password = '';
    this.#url = parsed.href.replace(/\/+$/, '');
    this.#options = options;
  }

  /** Without user and password: for messages. */
  get url(): string {
    return this.#url;
  }

  async version(): Promise<string> {
    const { version } = (await this.#need('GET', '/')) as { version: string };
    return version;
  }

  async plugins(): Promise<readonly ConnectorPlugin[]> {
    return (await this.#need('GET', '/connector-plugins')) as ConnectorPlugin[];
  }

  async list(): Promise<string[]> {
    return (await this.#need('GET', '/connectors')) as string[];
  }

  config(name: string): Promise<ConnectorConfig | undefined> {
    return this.#ask('GET', `${path(name)}/config`) as Promise<ConnectorConfig | undefined>;
  }

  async status(name: string): Promise<ConnectorStatus | undefined> {
    const found = (await this.#ask('GET', `${path(name)}/status`)) as
      | {
          connector: { state: string; worker_id: string; trace?: string };
          tasks: { state: string; worker_id: string; trace?: string }[];
        }
      | undefined;
    if (!found) return undefined;
    const { state, trace, worker_id: worker } = found.connector;
    return {
      state,
      worker,
      ...(trace !== undefined && { trace }),
      tasks: found.tasks.map((task) => ({
        state: task.state,
        worker: task.worker_id,
        ...(task.trace !== undefined && { trace: task.trace }),
      })),
    };
  }

  /** Makes the connector, or gives a running one this configuration. @throws StranglerError CONNECTOR_FAILED, CONNECT_UNREACHABLE */
  async put(name: string, config: ConnectorConfig): Promise<void> {
    await this.#need('PUT', `${path(name)}/config`, config);
  }

  /** What Connect finds wrong with a configuration; it tries the connection to the database as the connector would. */
  async validate(name: string, config: ConnectorConfig): Promise<string[]> {
    const plugin = config['connector.class'] ?? '';
    const found = (await this.#ask(
      'PUT',
      `/connector-plugins/${encodeURIComponent(plugin)}/config/validate`,
      { ...config, name },
    )) as { configs: { value: { name: string; errors: string[] } }[] } | undefined;
    if (!found) return [`Kafka Connect has no plugin ${plugin}`];
    return found.configs.flatMap(({ value }) =>
      value.errors.map((error) => `${value.name}: ${error}`),
    );
  }

  /** Position up to which the connector has everything in Kafka, as Connect stores it. */
  async offset(name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const found = (await this.#ask('GET', `${path(name)}/offsets`)) as
      { offsets: { offset: Record<string, unknown> | null }[] } | undefined;
    return found?.offsets.find(({ offset }) => offset !== null)?.offset ?? undefined;
  }

  async restartFailed(name: string): Promise<void> {
    await this.#ask('POST', `${path(name)}/restart?includeTasks=true&onlyFailed=true`);
  }

  async restart(name: string): Promise<void> {
    await this.#ask('POST', `${path(name)}/restart?includeTasks=true`);
  }

  async pause(name: string): Promise<void> {
    await this.#ask('PUT', `${path(name)}/pause`);
  }

  async resume(name: string): Promise<void> {
    await this.#ask('PUT', `${path(name)}/resume`);
  }

  async stop(name: string): Promise<void> {
    await this.#ask('PUT', `${path(name)}/stop`);
  }

  async delete(name: string): Promise<'deleted' | 'absent'> {
    return (await this.#ask('DELETE', path(name))) === undefined ? 'absent' : 'deleted';
  }

  /** What every Connect has, whatever connectors there are. */
  async #need(method: string, where: string, body?: unknown): Promise<unknown> {
    const found = await this.#ask(method, where, body);
    if (found === undefined)
      throw new StranglerError(
        'CONNECT_UNREACHABLE',
        `Kafka Connect at ${this.#url} has no ${where}: is there more in CONNECT_URL than its address?`,
      );
    return found;
  }

  /** While a worker comes or goes, Connect answers that somebody else is in charge just now, or another answers in its place. */
  async #ask(method: string, where: string, body?: unknown): Promise<unknown> {
    const { busyMs = 60_000, signal = new AbortController().signal } = this.#options;
    const began = performance.now();
    for (;;) {
      const answer = await this.#fetch(method, where, body);
      const { status } = answer;
      const verdict = judgeAnswer(answer);
      if (verdict.is === 'value') return verdict.value;
      if (verdict.is === 'absent') return undefined;
      if (verdict.is === 'denied')
        throw new StranglerError(
          'CONNECT_UNREACHABLE',
          `Kafka Connect at ${this.#url} refuses us (${status})`,
          { remedy: 'Put user and password into CONNECT_URL: http://user:password@host:8083' },
        );
      const { is, message } = verdict;
      const asked = performance.now() - began;
      if (is === 'stranger' && asked > Math.min(busyMs, startingMs))
        throw new StranglerError(
          'CONNECT_UNREACHABLE',
          `What answers at ${this.#url} is not Kafka Connect, or it still starts: ${method} ${where} ` +
            `gives ${status}${message && `: ${message}`}`,
          { details: { status, message } },
        );
      if (is === 'refused' || asked > busyMs)
        throw new StranglerError(
          'CONNECTOR_FAILED',
          `Kafka Connect refused ${method} ${where} with ${status}: ${message}`,
          { details: { status, message } },
        );
      await pause(200, signal);
    }
  }

  async #fetch(method: string, where: string, body: unknown): Promise<Answer> {
    const { signal, timeoutMs = 60_000 } = this.#options;
    if (signal?.aborted) throw new StranglerError('CANCELLED', 'Cancelled');
    const patience = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(this.#url + where, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(this.#authorization !== undefined && { authorization: this.#authorization }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, patience]) : patience,
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      if (signal?.aborted) throw new StranglerError('CANCELLED', 'Cancelled', { cause: error });
      const why = patience.aborted
        ? `no answer to ${method} ${where} within ${Math.round(timeoutMs / 1000)} s`
        : error instanceof Error && error.cause instanceof Error
          ? error.cause.message
          : String(error);
      throw new StranglerError(
        'CONNECT_UNREACHABLE',
        `Kafka Connect at ${this.#url} does not answer: ${why}`,
        { cause: error },
      );
    }
  }
}

const path = (name: string): string => `/connectors/${encodeURIComponent(name)}`;

/** What a Java trace says in one line: the innermost cause tells what it is. */
export const traceReason = (trace: string | undefined): string =>
  trace
    ?.split('\n')
    .filter((line) => line.startsWith('Caused by:'))
    .at(-1)
    ?.slice('Caused by:'.length)
    .trim() ??
  trace?.split('\n')[0] ??
  'it tells no reason';

/** The trace of what failed, the task's before the connector's; `null` when nothing did. */
export const failureOf = (status: ConnectorStatus | undefined): string | null => {
  const failed =
    status?.tasks.find((task) => task.state === 'FAILED') ??
    (status?.state === 'FAILED' ? status : undefined);
  return failed ? (failed.trace ?? '') : null;
};

export const isRunning = (status: ConnectorStatus | undefined): boolean =>
  status?.state === 'RUNNING' &&
  status.tasks.length > 0 &&
  status.tasks.every((task) => task.state === 'RUNNING');
