import type { Server } from 'node:http';
import { dirname, join } from 'node:path';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  Hopeless,
  type PostgresServer,
  type ProgramResult,
  runProgram,
  type RunningProcess,
  startPostgres,
  startProcess,
  startUnleash,
  temporaryFolder,
  type TemporaryFolder,
  type UnleashServer,
  until,
} from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import type { Side } from '@strangler-toolkit/plan';
import type { ContextStatus } from '../../migration/src/steps/status.ts';
import { type Control, openControl } from '../../migration/src/control/index.ts';
import { type CliResult, startCli } from '../../migration/test/support/cli.ts';
import { toCanary } from '../../migration/test/support/to-canary.ts';
import { runHere } from '../../migration/test/support/run-here.ts';
import { openScene, type Scene, shop } from '../../migration/test/support/scene.ts';
import { Application } from './application.ts';
import type { Green } from './looks.ts';
import { Relay } from './relay.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const databases = ['control', 'monolith', 'service'] as const;
type Database = (typeof databases)[number];

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Asked {
  readonly port?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The one system in which everything is provoked: three databases, two applications, a facade, a worker, a person who types. */
export class Stack {
  readonly scene: Scene;
  /** The monolith's. */
  readonly server: PostgresServer;
  readonly folder: TemporaryFolder;
  readonly relays: Readonly<Record<Database, Relay>>;
  readonly applications: Readonly<Record<Side, Application>>;
  /** What a failure sets differently for those who type commands. */
  readonly differently: Record<string, string | undefined> = {};
  /** Words of commands that are known when they are typed only, an address for instance. */
  readonly words: Record<string, string> = {};
  documents: Server | undefined;
  control: Control | undefined;
  lease: Awaited<ReturnType<Control['leases']['acquire']>> | undefined;
  /** What is shown while nothing is wrong. */
  green: Green | undefined;
  facade: RunningProcess | undefined;
  /** Another one, while the first is not to be counted on. */
  standIn: RunningProcess | undefined;
  unleash: UnleashServer | undefined;
  /** The answer to a write that was under way while something came about. */
  asked: Promise<HttpAnswer> | undefined;
  /** Clients that are at it. */
  traffic: Promise<void> | undefined;
  /** A session of somebody else. */
  job: pg.Client | undefined;
  worker: RunningProcess | undefined;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(
    parts: Pick<Stack, 'scene' | 'server' | 'folder' | 'relays' | 'applications'>,
    env: Readonly<Record<string, string>>,
  ) {
    this.scene = parts.scene;
    this.server = parts.server;
    this.folder = parts.folder;
    this.relays = parts.relays;
    this.applications = parts.applications;
    this.#env = env;
  }

  static async start(): Promise<Stack> {
    // the monolith has a server of its own, whose settings may change
    const [server, folder] = await Promise.all([
      startPostgres({ settings: ['fsync=off', 'full_page_writes=off'] }),
      temporaryFolder('provoked'),
    ]);
    const scene = await openScene('provoked', {}, await server.createDatabase('shop'));
    const [control, monolith, service] = await Promise.all(
      databases.map((name) => Relay.to(scene[name].url)),
    );
    if (!control || !monolith || !service) throw new Error('three databases have three relays');
    const relays = { control, monolith, service };
    const applications = {
      monolith: await Application.over(scene.monolith.url, ['products', 'name']),
      service: await Application.over(scene.service.url, ['items', 'title']),
    };
    const stack = new Stack(
      { scene, server, folder, relays, applications },
      {
        ...scene.env,
        MONOLITH_URL: applications.monolith.url,
        CATALOG_URL: applications.service.url,
        RATES_URL: applications.service.url,
        STRANGLER_CONTROL_URL: control.of(scene.control.url),
        MONOLITH_DATABASE_URL: monolith.of(scene.monolith.url),
        CATALOG_DATABASE_URL: service.of(scene.service.url),
        NO_COLOR: '1',
      },
    );
    await stack.put('catalog', catalog);
    await stack.type(['control', 'migrate']);
    stack.facade = await stack.startFacade();
    return stack;
  }

  get env(): Record<string, string | undefined> {
    return { ...this.#env, ...this.differently };
  }

  /** A command, as whoever sits at this system types it. */
  type(words: readonly string[]): Promise<CliResult> {
    const known = words.map((word) => this.words[word] ?? word);
    return runHere(known, this.env);
  }

  /** A command in a process of its own, and Ctrl-C. */
  async interrupted(
    words: readonly string[],
    when: () => Promise<unknown> | undefined,
  ): Promise<CliResult> {
    const { child, done } = startCli(words, this.env);
    await Promise.race([
      when(),
      done.then(({ stdout, stderr }) => {
        throw new Error(`ended before Ctrl-C: ${stdout}${stderr}`);
      }),
    ]);
    child.kill('SIGINT');
    return done;
  }

  /** A command that must work. */
  async must(...words: string[]): Promise<CliResult> {
    const result = await this.type(words);
    if (result.code !== 0)
      throw new Error(
        `strangler ${words.join(' ')}: ${result.code}\n${result.stdout}${result.stderr}`,
      );
    return result;
  }

  async status(): Promise<ContextStatus> {
    return JSON.parse((await this.must('status', 'catalog', '--json')).stdout) as ContextStatus;
  }

  sql(database: Database, text: string): Promise<Record<string, unknown>[]> {
    return this.scene.sql(this.scene[database], text);
  }

  put(context: string, definition: object | string): Promise<void> {
    const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
    return this.write(`${context}.json`, text);
  }

  /** Beside the context files, or as one. */
  async write(file: string, text: string): Promise<void> {
    const path = join(this.scene.dir, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  remove(file: string): Promise<void> {
    return rm(join(this.scene.dir, file), { recursive: true });
  }

  read(context: string): Promise<string> {
    return readFile(join(this.scene.dir, `${context}.json`), 'utf8');
  }

  /** Through the facade, or at another port. */
  async ask(
    method: string,
    path: string,
    { port = this.facade?.port, headers = {} }: Asked = {},
  ): Promise<HttpAnswer> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  async ready(): Promise<string> {
    return (await this.ask('GET', '/health/ready', { port: this.facade?.adminPort })).body;
  }

  #facade(name: string, env: Readonly<Record<string, string>> = {}) {
    return {
      name: 'facade',
      file: here('../../facade/bin/facade.js'),
      env: {
        ...this.#env,
        FACADE_PORT: '0',
        FACADE_ADMIN_PORT: '0',
        FACADE_NAME: name,
        FACADE_HEALTH_MS: '200',
        FACADE_RELOAD: '0',
        FACADE_STATE_DIR: join(this.folder.path, name),
        ...env,
      },
    };
  }

  startFacade(env: Readonly<Record<string, string>> = {}): Promise<RunningProcess> {
    return startProcess(this.#facade('front', env));
  }

  /** What happens meanwhile, the facade sleeps through: another one serves, and it is forgotten as one that was gone for an hour. */
  async whileFacadeSleeps(work: () => Promise<unknown>): Promise<void> {
    process.kill(this.facade?.pid ?? 0, 'SIGSTOP');
    this.standIn = await startProcess(this.#facade('stand-in'));
    await this.sql(
      'control',
      `UPDATE strangler_control.instances SET heartbeat_at = heartbeat_at - interval '2 hours' WHERE name = 'front'`,
    );
    await until('the facade is forgotten', async () => {
      const names = await this.sql('control', 'SELECT name FROM strangler_control.instances');
      return names.every(({ name }) => name === 'stand-in');
    });
    await work();
  }

  /** One that is expected to end by itself. */
  runFacade(env: Readonly<Record<string, string>>): Promise<ProgramResult> {
    return runProgram(this.#facade('other', env));
  }

  /** Resolves when it has caught up. */
  async startWorker(...more: string[]): Promise<void> {
    const before = await this.#workerId();
    const worker = await startProcess({
      name: 'worker',
      file: here('../../migration/bin/strangler.js'),
      args: ['replicate', 'catalog', ...more],
      env: this.#env,
      ready: 'spawned',
    });
    this.worker = worker;
    await until(
      'the worker has caught up',
      async () => {
        if (!worker.running) throw new Hopeless(worker.logs().join('\n'));
        const [row] = await this.sql(
          'control',
          `SELECT worker_id <> ${before} AS other FROM strangler_control.watermarks
         JOIN strangler_control.contexts USING (context, epoch) WHERE context = 'catalog' AND state = 'caught-up'`,
        );
        return row?.other === true;
      },
      { everyMs: 200 },
    );
  }

  /** Copied, compared, and reads flagged to the service. */
  async toCanary(): Promise<void> {
    await this.startWorker();
    await this.must('verify', 'catalog');
    const control = await openControl(this.scene.control.url);
    try {
      await toCanary(control, 'catalog');
    } finally {
      await control.close();
    }
    await this.must('route', 'catalog', 'list', '--percent', '100');
  }

  /** Shares between 0 and 100 %, by who asks: the facade asks an Unleash, and so does whoever types. */
  async toUnleash(): Promise<void> {
    this.unleash = await startUnleash({ postgresUrl: this.server.url('unleash') });
    const { url, adminToken, clientToken } = this.unleash;
    Object.assign(this.differently, { UNLEASH_URL: url, UNLEASH_ADMIN_TOKEN: adminToken });
    await Promise.all([this.standIn?.stop(), this.facade?.stop()]);
    await this.put('catalog', { ...catalog, identity: ['header:x-user'] });
    this.facade = await this.startFacade({ UNLEASH_URL: url, UNLEASH_CLIENT_TOKEN: clientToken });
    await this.must('route', 'catalog', 'list', '--percent', '100');
    await this.must('route', 'catalog', '--forget-control-flags');
  }

  async #workerId(): Promise<string> {
    const [row] = await this.sql(
      'control',
      `SELECT worker_id FROM strangler_control.watermarks ORDER BY heartbeat_at DESC LIMIT 1`,
    );
    const id = row?.worker_id;
    return `'${typeof id === 'string' ? id : '00000000-0000-0000-0000-000000000000'}'`;
  }

  /** As if whoever is silent had been so for a minute: nobody waits for what a clock decides. */
  silentForAMinute(who: 'watermarks' | 'instances'): Promise<unknown> {
    return this.sql(
      'control',
      `UPDATE strangler_control.${who} SET heartbeat_at = heartbeat_at - interval '1 minute'`,
    );
  }

  /** The context file is written and taken by everybody. */
  async take(definition: object): Promise<void> {
    await this.put('catalog', definition);
    process.kill(this.facade?.pid ?? 0, 'SIGHUP');
    await until(
      'the facade serves by it',
      async () => (await this.status()).facades.otherPlan.length === 0,
      { everyMs: 700 },
    );
  }

  /** Requests that facades have told of at this side. */
  async told(side: Side): Promise<number> {
    const [row] = await this.sql(
      'control',
      `SELECT coalesce(sum(requests), 0)::int AS requests FROM strangler_control.route_stats WHERE context = 'catalog' AND side = '${side}'`,
    );
    return Number(row?.requests);
  }

  async close(): Promise<void> {
    await this.job?.end();
    const running = [this.worker, this.facade, this.standIn, this.unleash];
    await Promise.all(running.map(async (one) => one?.stop()));
    await Promise.all(Object.values(this.applications).map((one) => one.close()));
    await Promise.all(Object.values(this.relays).map((relay) => relay.down()));
    await this.scene.close();
    await this.server.stop();
    await this.folder.remove();
  }
}

export const catalog = {
  ...shop,
  monolith: { ...shop.monolith, health: '/health' },
  service: { ...shop.service, health: '/health' },
  routes: shop.routes.map((route) => ({ ...route, timeoutMs: 1_000 })),
};
