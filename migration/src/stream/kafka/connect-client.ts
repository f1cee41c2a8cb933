import { StranglerError } from '@strangler-toolkit/plan';
import { pause } from '../../pause.ts';
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

interface Answer {
  readonly status: number;
  readonly text: string;
}

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
    const { version } = (await this.#ask('GET', '/')) as { version: string };
    return version;
  }

  async plugins(): Promise<readonly ConnectorPlugin[]> {
    return ((await this.#ask('GET', '/connector-plugins')) ?? []) as ConnectorPlugin[];
  }

  async list(): Promise<string[]> {
    return ((await this.#ask('GET', '/connectors')) ?? []) as string[];
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

  /** Makes the connector, or gives a running one this configuration. @throws StranglerError CONNECTOR_FAILED */
  async put(name: string, config: ConnectorConfig): Promise<void> {
    await this.#ask('PUT', `${path(name)}/config`, config);
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

  /** While a worker comes or goes, Connect answers that somebody else is in charge just now. */
  async #ask(method: string, where: string, body?: unknown): Promise<unknown> {
    const deadline = performance.now() + (this.#options.busyMs ?? 60_000);
    for (;;) {
      const { status, text } = await this.#fetch(method, where, body);
      if (status === 404) return undefined;
      if (status < 300) return text === '' ? {} : (JSON.parse(text) as unknown);
      const message = messageOf(text);
      const busy =
        status === 409 ||
        (status >= 500 &&
          /rebalance|leader|not yet|momentarily|stale configuration|timed out/i.test(message));
      if (status === 401 || status === 403)
        throw new StranglerError(
          'CONNECT_UNREACHABLE',
          `Kafka Connect at ${this.#url} refuses us (${status})`,
          { remedy: 'Put user and password into CONNECT_URL: http://user:password@host:8083' },
        );
      if (!busy || performance.now() > deadline)
        throw new StranglerError(
          'CONNECTOR_FAILED',
          `Kafka Connect refused ${method} ${where} with ${status}: ${message}`,
          { details: { status, message } },
        );
      await pause(200, this.#options.signal ?? new AbortController().signal);
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

function messageOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' &&
      parsed !== null &&
      'message' in parsed &&
      typeof parsed.message === 'string'
      ? parsed.message
      : text;
  } catch {
    return text.slice(0, 500);
  }
}

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
