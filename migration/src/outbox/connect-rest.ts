import { StranglerError } from '../errors.ts';

export type ConnectorConfig = Readonly<Record<string, string>>;

export interface ConnectorStatus {
  readonly state: string;
  readonly tasks: readonly { readonly state: string; readonly trace?: string }[];
}

/** The few calls to Kafka Connect that registering one connector takes. */
export class ConnectRest {
  readonly #url: string;
  readonly #signal: AbortSignal | undefined;

  constructor(url: string, signal?: AbortSignal) {
    this.#url = url.replace(/\/$/, '');
    this.#signal = signal;
  }

  config(name: string): Promise<ConnectorConfig | undefined> {
    return this.#ask('GET', `/connectors/${encodeURIComponent(name)}/config`) as Promise<ConnectorConfig | undefined>;
  }

  status(name: string): Promise<ConnectorStatus | undefined> {
    return this.#ask('GET', `/connectors/${encodeURIComponent(name)}/status`).then((status) => {
      if (status === undefined) return undefined;
      const { connector, tasks } = status as { connector: { state: string }; tasks: ConnectorStatus['tasks'] };
      return { state: connector.state, tasks };
    });
  }

  /** Makes the connector, or gives a running one this configuration. */
  async put(name: string, config: ConnectorConfig): Promise<void> {
    await this.#ask('PUT', `/connectors/${encodeURIComponent(name)}/config`, config);
  }

  async restartFailed(name: string): Promise<void> {
    await this.#ask('POST', `/connectors/${encodeURIComponent(name)}/restart?includeTasks=true&onlyFailed=true`);
  }

  async delete(name: string): Promise<'deleted' | 'absent'> {
    return (await this.#ask('DELETE', `/connectors/${encodeURIComponent(name)}`)) === undefined ? 'absent' : 'deleted';
  }

  /** `undefined` for what does not exist. While a worker hands its connectors over, Connect answers 409 for some seconds. */
  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const { status, text } = await this.#fetch(method, path, body);
      if (status === 404) return undefined;
      if (status < 300 && text === '') return {};
      if (status < 300) return JSON.parse(text) as unknown;
      const again = status === 409 || /rebalance|IncorrectLeader|not yet|Cannot complete request momentarily/i.test(text);
      if (!again || performance.now() > deadline) throw new StranglerError('CONNECTOR_FAILED', `Kafka Connect refused ${method} ${path} with ${status}: ${messageOf(text)}`, { details: { status } });
      await new Promise((resolve) => {
        setTimeout(resolve, 200);
      });
    }
  }

  async #fetch(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    const patience = AbortSignal.timeout(60_000);
    try {
      const response = await fetch(this.#url + path, {
        method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        signal: this.#signal ? AbortSignal.any([this.#signal, patience]) : patience,
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      if (this.#signal?.aborted) throw new StranglerError('CANCELLED', 'Cancelled', { cause: error });
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      throw new StranglerError('CONNECT_UNREACHABLE', `Kafka Connect at ${this.#url} does not answer: ${cause}`, { cause: error });
    }
  }
}

function messageOf(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string' ? parsed.message : text;
  } catch {
    return text.slice(0, 500);
  }
}
