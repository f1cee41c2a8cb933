import { createHash, randomBytes } from 'node:crypto';
import { createServer as plainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as secureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/*
 * NOT a Pact Broker: that is a Ruby program, which does not run here. This stands in for it, and is held to what the broker's own
 * repository records of its answers (pact-foundation/pact_broker: spec/fixtures/approvals, the pages of lib/pact_broker/doc, and
 * the pact between it and its Ruby client): broker-shapes.ts names the fields, contracts/test/broker/stand-in.test.ts compares. Its
 * paths are others in every run, so that only who follows links arrives. What it does not do: choose pacts by selectors (all of a
 * provider are given, as `pending` and `wip` here say), evaluate a matrix over several consumers' versions, call webhooks.
 */

type Json = Record<string, unknown>;

export interface StoredPact {
  readonly consumer: string;
  readonly provider: string;
  readonly version: string;
  readonly content: Json;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of JSON. */
  readonly text?: string;
}

export interface Heard {
  readonly method: string;
  /** The relation that led here. */
  readonly relation: string;
  readonly body: Json;
  readonly authorization: string | undefined;
}

export interface BrokerOptions {
  /** Asked for as `Authorization`. */
  readonly authorization?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export class StandInBroker {
  readonly pacts: StoredPact[] = [];
  /** `consumer` → what the broker calls its pact until a result was successful. */
  readonly unproven = new Map<string, 'pending' | 'wip'>();
  readonly results: (Json & { consumer: string })[] = [];
  /** `pacticipant version` */
  readonly versions = new Map<string, Json>();
  readonly environments = new Map<string, Json>([['production', environment('production', true)]]);
  readonly deployed: { pacticipant: string; version: string; environment: string }[] = [];
  readonly webhooks = new Map<string, Json>();
  readonly heard: Heard[] = [];
  /** By relation: what is answered instead. */
  readonly faults = new Map<string, Answer | 'silence'>();
  readonly #options: BrokerOptions;
  readonly #base = `/${randomBytes(4).toString('hex')}`;
  #server: ReturnType<typeof plainServer> | undefined;
  #port = 0;

  constructor(options: BrokerOptions = {}) {
    this.#options = options;
  }

  get url(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}${this.#base}`;
  }

  async start(): Promise<this> {
    const answered: RequestListener = (request, response) => {
      this.#answer(request).then(
        (answer) => {
          if (answer === 'silence') return;
          response
            .writeHead(answer.status, {
              'content-type':
                answer.text === undefined ? 'application/hal+json;charset=utf-8' : 'text/html',
              ...answer.headers,
            })
            .end(answer.text ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)));
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    };
    const { tls } = this.#options;
    const server = tls ? secureServer(tls, answered) : plainServer(answered);
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  /** Ends what it was silent to. */
  hangUp(): void {
    this.#server?.closeAllConnections();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.hangUp();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  /** What somebody published before. */
  has(pact: StoredPact, unproven?: 'pending' | 'wip'): void {
    this.pacts.push(pact);
    if (unproven) this.unproven.set(pact.consumer, unproven);
  }

  asked(relation: string): readonly Heard[] {
    return this.heard.filter((one) => one.relation === relation);
  }

  async #answer(request: IncomingMessage): Promise<Answer | 'silence'> {
    const { pathname } = new URL(request.url ?? '/', this.url);
    const [, base, path = '', ...rest] = pathname.split('/');
    const relation = path || 'index';
    if (`/${base ?? ''}` !== this.#base) return { status: 404, text: '<h1>Not found</h1>' };
    const written = await text(request);
    const { authorization } = request.headers;
    const method = request.method ?? 'GET';
    const body = written === '' ? {} : (JSON.parse(written) as Json);
    this.heard.push({ method, relation, body, authorization });
    const fault = this.faults.get(relation);
    if (fault) return fault;
    if (this.#options.authorization !== undefined && authorization !== this.#options.authorization)
      return { status: 401, text: '' };
    const [a = '', b = '', c = ''] = rest.map(decodeURIComponent);
    switch (relation) {
      case 'index':
        return { status: 200, body: this.#index() };
      case 'publish':
        return this.#publish(body);
      case 'for-verification':
        return { status: 200, body: this.#forVerification(a, body) };
      case 'pact':
        return this.#pact(Number(a));
      case 'results':
        return this.#result(Number(a), body);
      case 'branch-version':
        this.#version(a, c, { branch: b });
        return { status: 201, body: { _links: {} } };
      case 'version':
        return this.#showVersion(a, b);
      case 'deploy':
        this.deployed.push({ pacticipant: a, version: b, environment: c });
        return { status: 201, body: { currentlyDeployed: true } };
      case 'can-i-deploy':
        return this.#canIDeploy(a, b, c);
      case 'environments':
        return method === 'POST'
          ? this.#makeEnvironment(body)
          : { status: 200, body: this.#list() };
      case 'webhook':
        return this.#webhook(a, body);
      default:
        return { status: 404, body: {} };
    }
  }

  #index(): Json {
    const link = (path: string): Json => ({
      href: `${this.url}/${path}`,
      templated: path.includes('{'),
    });
    return {
      _links: {
        self: { href: this.url, title: 'Index' },
        'pb:publish-contracts': link('publish'),
        'pb:provider-pacts-for-verification': link('for-verification/{provider}'),
        'pb:pacticipant-branch-version': link('branch-version/{pacticipant}/{branch}/{version}'),
        'pb:pacticipant-version': link('version/{pacticipant}/{version}'),
        'pb:can-i-deploy-pacticipant-version-to-environment': link(
          'can-i-deploy/{pacticipant}/{version}/{environment}',
        ),
        'pb:environments': link('environments'),
        'pb:webhook': link('webhook/{uuid}'),
      },
    };
  }

  #version(pacticipant: string, number: string, more: Json = {}): void {
    const key = `${pacticipant} ${number}`;
    this.versions.set(key, { ...this.versions.get(key), ...more });
  }

  #publish(body: Json): Answer {
    const { pacticipantName, pacticipantVersionNumber, branch, tags, buildUrl } = body;
    const version = pacticipantVersionNumber as string | undefined;
    if (version === undefined || version === '')
      return { status: 400, body: { errors: { pacticipantVersionNumber: ['is missing'] } } };
    const consumer = String(pacticipantName);
    const given = (body.contracts as Json[]).map((contract) => ({
      consumer,
      provider: String(contract.providerName),
      version,
      content: JSON.parse(Buffer.from(String(contract.content), 'base64').toString()) as Json,
    }));
    const changed = given.find((pact) => {
      const before = this.#published(pact.consumer, pact.provider, version);
      return before && JSON.stringify(before.content) !== JSON.stringify(pact.content);
    });
    if (changed) {
      const said = `Cannot change the content of the pact for ${consumer} version ${version} and provider ${changed.provider}.`;
      return {
        status: 409,
        body: { notices: [{ type: 'error', text: said }], errors: { contracts: [said] } },
      };
    }
    this.pacts.push(...given);
    this.#version(consumer, version, { branch, tags, buildUrl });
    const notices = [
      { type: 'debug', text: `Created ${consumer} version ${version}` },
      ...given.map(({ provider }) => ({
        type: 'success',
        text: `Pact successfully published for ${consumer} version ${version} and provider ${provider}.`,
      })),
      { type: 'prompt', text: '  Next steps:' },
    ];
    return {
      status: 200,
      body: {
        notices,
        _embedded: { pacticipant: { name: consumer }, version: { number: version } },
        _links: {
          'pb:contracts': given.map(({ provider }) => ({ name: provider, href: this.url })),
        },
      },
    };
  }

  #published(consumer: string, provider: string, version: string): StoredPact | undefined {
    return this.pacts.find(
      (pact) =>
        pact.consumer === consumer && pact.provider === provider && pact.version === version,
    );
  }

  /** The newest of each consumer. */
  #wanted(provider: string): [number, StoredPact][] {
    const newest = new Map<string, [number, StoredPact]>();
    for (const [index, pact] of this.pacts.entries())
      if (pact.provider === provider) newest.set(pact.consumer, [index, pact]);
    return [...newest.values()];
  }

  #forVerification(provider: string, { includePendingStatus, includeWipPactsSince }: Json): Json {
    const pacts = this.#wanted(provider).flatMap(([index, { consumer, version }]) => {
      const unproven = this.unproven.get(consumer);
      if (unproven === 'wip' && includeWipPactsSince === undefined) return [];
      return [
        {
          shortDescription: 'latest from main branch',
          verificationProperties: {
            ...(includePendingStatus === true && { pending: unproven !== undefined }),
            ...(unproven === 'wip' && { wip: true }),
            notices: [
              { when: 'before_verification', text: `The pact of ${consumer} is being verified` },
              { when: 'after_verification:success_true_published_true', text: 'no longer pending' },
            ],
          },
          _links: {
            self: {
              href: `${this.url}/pact/${index}`,
              name: `Pact between ${consumer} (${version}) and ${provider}`,
            },
          },
        },
      ];
    });
    return { _embedded: { pacts }, _links: { self: { title: 'Pacts to be verified' } } };
  }

  #pact(index: number): Answer {
    const pact = this.pacts[index];
    if (!pact) return { status: 404, body: {} };
    const { consumer, provider, version, content } = pact;
    return {
      status: 200,
      body: {
        ...content,
        createdAt: '2026-01-01T00:00:00+00:00',
        _links: {
          self: { title: 'Pact', name: `Pact between ${consumer} (${version}) and ${provider}` },
          'pb:publish-verification-results': {
            title: 'Publish verification results',
            href: `${this.url}/results/${index}`,
          },
        },
      },
    };
  }

  #result(index: number, body: Json): Answer {
    const pact = this.pacts[index];
    const { success, providerApplicationVersion: version } = body;
    if (!pact || typeof success !== 'boolean' || typeof version !== 'string')
      return { status: 400, body: { errors: { success: ['is missing'] } } };
    this.#version(pact.provider, version);
    this.results.push({ ...body, consumer: pact.consumer });
    if (success) this.unproven.delete(pact.consumer);
    return { status: 201, body: { ...body, providerName: pact.provider } };
  }

  #showVersion(pacticipant: string, number: string): Answer {
    const found = this.versions.get(`${pacticipant} ${number}`);
    if (!found) return { status: 404, body: { error: 'The requested document was not found.' } };
    return {
      status: 200,
      body: {
        number,
        ...found,
        _links: {
          'pb:record-deployment': [...this.environments.keys()].map((name) => ({
            title: `Record deployment to ${name}`,
            name,
            href: `${this.url}/deploy/${encodeURIComponent(pacticipant)}/${encodeURIComponent(number)}/${name}`,
          })),
        },
      },
    };
  }

  #canIDeploy(pacticipant: string, version: string, where: string): Answer {
    if (!this.environments.has(where))
      return {
        status: 400,
        body: { errors: { environment: [`with name '${where}' does not exist`] } },
      };
    if (!this.versions.has(`${pacticipant} ${version}`)) return { status: 404, body: {} };
    const verdicts = this.#wanted(pacticipant).map(([, { consumer }]) => ({
      consumer,
      success: this.results.findLast(
        (one) => one.consumer === consumer && one.providerApplicationVersion === version,
      )?.success,
    }));
    const failed = verdicts.find(({ success }) => success === false);
    const missing = verdicts.find(({ success }) => success === undefined);
    const reason = failed
      ? `The verification for the pact between ${failed.consumer} and version ${version} of ${pacticipant} failed`
      : missing
        ? `There is no verified pact between ${missing.consumer} and version ${version} of ${pacticipant}`
        : 'All required verification results are published and successful';
    const deployable = failed ? false : missing ? null : true;
    return {
      status: 200,
      body: {
        summary: {
          deployable,
          reason,
          success: verdicts.filter(({ success }) => success === true).length,
          failed: verdicts.filter(({ success }) => success === false).length,
          unknown: verdicts.filter(({ success }) => success === undefined).length,
        },
        notices: [{ type: deployable ? 'success' : 'error', text: reason }],
        matrix: [],
      },
    };
  }

  #list(): Json {
    const environments = [...this.environments.values()];
    return {
      _embedded: { environments },
      _links: { 'pb:environments': environments.map(({ name }) => ({ name, href: this.url })) },
    };
  }

  #makeEnvironment({ name, displayName, production }: Json): Answer {
    if (this.environments.has(String(name)))
      return { status: 400, body: { errors: { name: ['is already used'] } } };
    const made = { ...environment(String(name), production === true), displayName };
    this.environments.set(String(name), made);
    return { status: 201, body: made };
  }

  #webhook(uuid: string, body: Json): Answer {
    if (!/^[\w-]{16,}$/.test(uuid))
      return { status: 400, body: { errors: { uuid: ['must be at least 16 characters'] } } };
    const there = this.webhooks.has(uuid);
    this.webhooks.set(uuid, body);
    const { description, events } = body;
    return {
      status: there ? 200 : 201,
      body: { uuid, description, events, enabled: true, _links: { self: { href: this.url } } },
    };
  }
}

function environment(name: string, production: boolean): Json {
  const uuid = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return { uuid, name, displayName: name, production };
}

export const startBroker = (options: BrokerOptions = {}): Promise<StandInBroker> =>
  new StandInBroker(options).start();
