import { causeOf } from '../cause-of.ts';
import { ContractsError } from '../contracts-error.ts';
import { exchange, type Exchange, type Reply } from './exchange.ts';
import { expand, isObject, type Json, linkOf } from './links.ts';
import { refusalCode, saidBy } from './refusal.ts';

export interface BrokerAccess {
  /** Of the index; may lie below a path. */
  readonly url: string;
  /** Bearer token, or else a user with a password. */
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  /** Certificates to trust instead of the usual ones, PEM. */
  readonly ca?: string;
  /** Longest time for one answer, milliseconds (default 20000). */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HalAnswer {
  readonly status: number;
  readonly body: Json;
}

/**
 * Walks a broker from its index by the relations that it names, never by paths that somebody remembers. Credentials go to its own
 * address only: not along a redirect, not along a link that leads elsewhere, and not into any message.
 */
export class HalClient {
  readonly #access: BrokerAccess;
  readonly #authorization: string | undefined;
  #index: URL;
  #found: Promise<Json> | undefined;

  /** @throws ContractsError CONFIG_INVALID */
  constructor(access: BrokerAccess) {
    this.#access = access;
    this.#index = indexOf(access.url);
    this.#authorization = authorizationOf(access);
  }

  /** Its address, as it may be shown. */
  get url(): string {
    return this.#index.href;
  }

  index(): Promise<Json> {
    return (this.#found ??= this.#send('GET', this.#index).then(({ body }) => {
      if (!isObject(body._links))
        throw new ContractsError(
          'BROKER_UNSUITABLE',
          `${this.url} answers, but not as the index of a Pact Broker: it has no links`,
        );
      return body;
    }));
  }

  /** A relation of the index, with its variables filled in. @throws ContractsError BROKER_UNSUITABLE when it has none */
  async relation(name: string, values: Readonly<Record<string, string>> = {}): Promise<string> {
    const link = linkOf(await this.index(), name);
    if (link === undefined)
      throw new ContractsError(
        'BROKER_UNSUITABLE',
        `the Pact Broker at ${this.url} has no ${name}: it is too old, or may not be used with these credentials`,
      );
    return expand(link, values);
  }

  get(link: string): Promise<HalAnswer> {
    return this.#send('GET', this.#resolved(link));
  }
  post(link: string, body: Json): Promise<HalAnswer> {
    return this.#send('POST', this.#resolved(link), body);
  }
  put(link: string, body: Json): Promise<HalAnswer> {
    return this.#send('PUT', this.#resolved(link), body);
  }

  #resolved(link: string): URL {
    const url = URL.canParse(link, this.#index.href) ? new URL(link, this.#index) : undefined;
    if (url?.origin === this.#index.origin) return url;
    throw new ContractsError(
      'BROKER_UNSUITABLE',
      `the Pact Broker at ${this.url} names its resources at ${url?.origin ?? link}, where no credentials are sent: ` +
        'its own PACT_BROKER_BASE_URL and the address used here have to be the same',
    );
  }

  async #send(method: Exchange['method'], url: URL, body?: Json): Promise<HalAnswer> {
    const what = `${method} ${url.origin}${url.pathname}`;
    const { status, text } = await this.#followed(method, url, body);
    const parsed = parse(text);
    if (status >= 400) {
      const said = saidBy(parsed) || (parsed === undefined ? '' : text.slice(0, 300));
      throw new ContractsError(
        refusalCode(status),
        this.#hidden(`the Pact Broker answers ${status} to ${what}${said && `: ${said}`}`),
      );
    }
    if (isObject(parsed)) return { status, body: parsed };
    throw new ContractsError(
      'BROKER_UNSUITABLE',
      `${what} is answered with ${status} and no JSON object: is ${this.url} a Pact Broker?`,
    );
  }

  async #followed(method: Exchange['method'], first: URL, body?: Json): Promise<Reply> {
    let url = first;
    for (let redirects = 0; redirects <= 5; redirects += 1) {
      const reply = await this.#ask(method, url, body);
      if (reply.location === undefined || reply.status < 300 || reply.status >= 400) return reply;
      const next = new URL(reply.location, url);
      const kept = method === 'GET' || reply.status === 307 || reply.status === 308;
      const upgraded = next.protocol === 'https:' && next.hostname === this.#index.hostname;
      if (!kept || (next.origin !== this.#index.origin && !upgraded))
        throw new ContractsError(
          'BROKER_UNSUITABLE',
          `${url.origin}${url.pathname} redirects to ${next.origin}${next.pathname}, which is not followed: ` +
            'credentials and what is published stay at the address that was given',
        );
      if (upgraded && next.origin !== this.#index.origin)
        this.#index = new URL(this.#index.pathname, next);
      url = next;
    }
    throw new ContractsError(
      'BROKER_UNSUITABLE',
      `${first.origin}${first.pathname} redirects in circles`,
    );
  }

  async #ask(method: Exchange['method'], url: URL, body?: Json): Promise<Reply> {
    const { timeoutMs = 20_000, signal, ca } = this.#access;
    const late = AbortSignal.timeout(timeoutMs);
    try {
      return await exchange({
        url,
        method,
        headers: {
          accept: 'application/hal+json, application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(this.#authorization !== undefined && { authorization: this.#authorization }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(ca !== undefined && { ca }),
        signal: AbortSignal.any([late, ...(signal ? [signal] : [])]),
      });
    } catch (cause) {
      if (signal?.aborted)
        throw new ContractsError('CANCELLED', 'The Pact Broker was not waited for any longer');
      const why = late.aborted ? `no answer within ${timeoutMs} ms` : causeOf(cause);
      throw new ContractsError(
        'BROKER_UNREACHABLE',
        this.#hidden(`the Pact Broker at ${this.url} does not answer: ${why}`),
        { cause },
      );
    }
  }

  /** A server may quote what it was sent. */
  #hidden(message: string): string {
    const { token, password } = this.#access;
    return [this.#authorization?.split(' ')[1], token, password]
      .filter((secret): secret is string => secret !== undefined && secret !== '')
      .reduce((text, secret) => text.replaceAll(secret, '…'), message);
  }
}

function indexOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new ContractsError(
      'CONFIG_INVALID',
      'the address of the Pact Broker is no URL of http or https',
    );
  if (url.username !== '' || url.password !== '')
    throw new ContractsError(
      'CONFIG_INVALID',
      `the address of the Pact Broker at ${url.host} holds credentials: they have variables of their own`,
    );
  return url;
}

function authorizationOf({ token, username, password }: BrokerAccess): string | undefined {
  if (token !== undefined && username !== undefined)
    throw new ContractsError(
      'CONFIG_INVALID',
      'the Pact Broker is given both a token and a user: one of them is enough',
    );
  if (token !== undefined) return `Bearer ${token}`;
  if (username === undefined) return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`;
}

/** Undefined: no JSON. An answer without a body says nothing more. */
function parse(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
