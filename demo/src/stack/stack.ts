import { join } from 'node:path';
import {
  runProgram,
  startProcess,
  startUnleash,
  type PostgresServer,
  type ProgramResult,
  type RunningProcess,
  type TemporaryFolder,
  type UnleashServer,
} from '@strangler-toolkit/dev-stack';
import type { KafkaPair } from './kafka-pair.ts';
import { all, inRepository, repository, run } from './programs.ts';

/** A server that can be killed and started again at the same address. */
export interface Member {
  readonly name: string;
  readonly url: string;
  readonly process: RunningProcess;
  start(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

interface MemberPlan {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

/** Everything that the demo and the whole-stack tests need, running. */
export class Stack {
  readonly folder: TemporaryFolder;
  readonly databases: { readonly monolith: PostgresServer; readonly services: PostgresServer };
  /** Undefined: changes travel embedded. */
  readonly kafka: KafkaPair | undefined;
  unleash: UnleashServer;
  /** What a person would export before typing strangler commands. */
  readonly env: Readonly<Record<string, string>>;
  readonly members = new Map<string, Member>();
  readonly #stops: (() => Promise<unknown>)[] = [];
  #worker: RunningProcess | undefined;

  constructor(running: Pick<Stack, 'folder' | 'databases' | 'unleash' | 'kafka' | 'env'>) {
    this.folder = running.folder;
    this.databases = running.databases;
    this.unleash = running.unleash;
    this.kafka = running.kafka;
    this.env = running.env;
  }

  /** The first one first, whichever came up first. */
  get facadeMembers(): Member[] {
    return [...this.members.values()]
      .filter(({ name }) => name.startsWith('facade'))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  }

  get facades(): string[] {
    return this.facadeMembers.map(({ url }) => url);
  }

  member(name: string): Member {
    const member = this.members.get(name);
    if (!member) throw new Error(`the stack has no ${name}`);
    return member;
  }

  get worker(): RunningProcess | undefined {
    return this.#worker;
  }

  logFile(name: string): string {
    return join(this.folder.path, 'logs', `${name}.log`);
  }

  async add(plan: MemberPlan): Promise<Member> {
    const spawn = (): Promise<RunningProcess> =>
      startProcess({
        name: plan.name,
        file: inRepository(plan.file),
        args: plan.args ?? [],
        env: { ...this.env, HOST: '127.0.0.1', PORT: String(plan.port), ...plan.env },
        logFile: this.logFile(plan.name),
      });
    let running = await spawn();
    const member: Member = {
      name: plan.name,
      url: `http://127.0.0.1:${plan.port}`,
      get process() {
        return running;
      },
      async start() {
        if (!running.running) running = await spawn();
      },
      async kill(signal = 'SIGKILL') {
        await running.kill(signal);
      },
    };
    this.members.set(plan.name, member);
    this.#stops.push(() => running.stop(5_000));
    return member;
  }

  /** A strangler command as a child process; resolves when it ended. */
  async strangler(
    args: readonly string[],
    options: {
      onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
      env?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<ProgramResult> {
    return await runProgram({
      name: `strangler ${args[0] ?? ''}`,
      file: inRepository('migration/bin/strangler.js'),
      args,
      cwd: repository,
      env: { ...this.env, ...options.env },
      signal: options.signal
        ? AbortSignal.any([options.signal, this.#stopping.signal])
        : this.#stopping.signal,
      ...(options.onLine ? { onLine: options.onLine } : {}),
    });
  }

  /** Both sides once more on scratch databases: verifying a pact writes, and live data must not know. */
  async startPactSides(): Promise<void> {
    const [shop, catalog] = await all<[string, string]>([
      this.databases.monolith.createDatabase('shop_pacts'),
      this.databases.services.createDatabase('catalog_pacts'),
    ]);
    const portOf = (name: string): number => Number(new URL(this.env[name] ?? '').port);
    await all([
      run('migrate', 'legacy-monolith/src/db/migrate.ts', [], { DATABASE_URL: shop }).then(() =>
        run('seed', 'legacy-monolith/src/db/seed.ts', ['--scale', '0.02'], { DATABASE_URL: shop }),
      ),
      run('migrate catalog', 'extracted/catalog/src/migrate-main.ts', [], {
        DATABASE_URL: catalog,
      }),
    ]);
    await all([
      this.add({
        name: 'monolith-pacts',
        file: 'legacy-monolith/src/main.ts',
        port: portOf('MONOLITH_PACT_URL'),
        env: { DATABASE_URL: shop, ENABLE_TEST_STATES: '1' },
      }),
      this.add({
        name: 'catalog-pacts',
        file: 'extracted/catalog/src/main.ts',
        port: portOf('CATALOG_PACT_URL'),
        env: {
          DATABASE_URL: catalog,
          MONOLITH_URL: this.env.MONOLITH_PACT_URL ?? '',
          ENABLE_TEST_STATES: '1',
        },
      }),
    ]);
  }

  readonly #stopping = new AbortController();

  /** The long-running worker: strangler replicate <context>. */
  async startWorker(context: string, onLine?: (line: string) => void): Promise<RunningProcess> {
    this.#worker = await startProcess({
      name: 'worker',
      file: inRepository('migration/bin/strangler.js'),
      args: ['replicate', context],
      env: this.env,
      ready: 'spawned',
      cwd: repository,
      logFile: this.logFile('worker'),
      ...(onLine ? { onLine } : {}),
    });
    return this.#worker;
  }

  /** The same server again after it was killed. */
  async restartUnleash(): Promise<void> {
    const { port, adminToken, clientToken } = this.unleash;
    this.unleash = await startUnleash({
      postgresUrl: this.databases.services.url('unleash'),
      port,
      adminToken,
      clientToken,
      logFile: this.logFile('unleash'),
    });
  }

  /** Stops everything in the order in which nothing complains, and removes every folder. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#worker?.stop(5_000);
    await Promise.all(this.#stops.map((stop) => stop()));
    await this.unleash.stop();
    await this.kafka?.stop();
    await Promise.all([this.databases.monolith.stop(), this.databases.services.stop()]);
    await this.folder.remove();
  }
}
