import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  missingForKafka,
  runProgram,
  startConnect,
  startKafka,
  startPostgres,
  startProcess,
  startUnleash,
  temporaryFolder,
  type ConnectServer,
  type KafkaServer,
  type PostgresServer,
  type ProgramResult,
  type RunningProcess,
  type TemporaryFolder,
  type UnleashServer,
} from '@strangler-toolkit/dev-stack';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const inRepository = (path: string): string => join(repository, path);

export interface StackOptions {
  /** Folder of the context files that facades and CLI load. */
  readonly contexts?: string;
  /** 1 is a shop of 500 products. */
  readonly scale?: number;
  readonly facades?: number;
  /** How changes travel between the databases (default embedded). */
  readonly transport?: 'embedded' | 'kafka';
  readonly onProgress?: (message: string) => void;
  /** Aborting ends the start at the next pause and stops what had started. */
  readonly signal?: AbortSignal;
  /** Facades and services add x-strangler-served-by and more. */
  readonly debugHeaders?: boolean;
}

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

/** A broker and a Connect worker with Debezium. */
export interface KafkaPair {
  readonly broker: KafkaServer;
  readonly connect: ConnectServer;
  stop(): Promise<void>;
}

async function startKafkaPair(): Promise<KafkaPair> {
  const broker = await startKafka();
  try {
    const connect = await startConnect({ brokers: broker.brokers });
    return {
      broker,
      connect,
      async stop() {
        // Nothing of it is needed again, so nothing has to be handed over.
        await connect.crash();
        await connect.stop();
        await broker.stop();
      },
    };
  } catch (error) {
    await broker.stop();
    throw error;
  }
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

  get facades(): string[] {
    return [...this.members.values()]
      .filter(({ name }) => name.startsWith('facade'))
      .map(({ url }) => url);
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

const pactAddresses = (monolithPort: number, catalogPort: number): Record<string, string> => ({
  MONOLITH_PACT_URL: `http://127.0.0.1:${monolithPort}`,
  MONOLITH_PACT_STATE_URL: `http://127.0.0.1:${monolithPort}/_test/states`,
  CATALOG_PACT_URL: `http://127.0.0.1:${catalogPort}`,
  CATALOG_PACT_STATE_URL: `http://127.0.0.1:${catalogPort}/_test/states`,
});

async function run(
  name: string,
  file: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  const { code, stdout, stderr } = await runProgram({ name, file: inRepository(file), args, env });
  if (code !== 0) throw new Error(`${name} failed:\n${stdout}\n${stderr}`);
}

/** Waits for all of them, also when one fails: what still starts could not be stopped. */
async function all<Results extends readonly unknown[]>(starts: {
  readonly [Index in keyof Results]: Promise<Results[Index]>;
}): Promise<Results> {
  const settled = await Promise.allSettled(starts);
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  return (await Promise.all(starts)) as unknown as Results;
}

/** PostgreSQL for the monolith and for the services, Unleash, monolith, services and facades, seeded and ready. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await start(options, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function start(options: StackOptions, undo: (() => Promise<unknown>)[]): Promise<Stack> {
  const tell = (message: string): void => {
    options.signal?.throwIfAborted();
    options.onProgress?.(message);
  };
  const missing = options.transport === 'kafka' ? await missingForKafka() : [];
  if (missing.length > 0)
    throw new Error(
      `Kafka and Debezium run on Java, and their jars come through Maven. Not found here: ` +
        `${missing.join(', ')} (Debian: apt-get install openjdk-17-jre-headless maven).`,
    );
  const settings = [
    'fsync=off',
    'full_page_writes=off',
    'wal_sender_timeout=10s',
    'shared_buffers=64MB',
    'autovacuum_naptime=10s',
  ];
  const folder = await temporaryFolder('stack');
  undo.push(() => folder.remove());
  await mkdir(join(folder.path, 'logs'));
  tell('PostgreSQL twice (one for the monolith, one for the services), from npm');
  const postgres = async (): Promise<PostgresServer> => {
    const server = await startPostgres({ settings });
    undo.push(() => server.stop());
    return server;
  };
  const [monolith, services] = await all<[PostgresServer, PostgresServer]>([
    postgres(),
    postgres(),
  ]);
  const [monolithDatabase, catalogDatabase, controlDatabase] = await all<[string, string, string]>([
    monolith.createDatabase('shop'),
    services.createDatabase('catalog'),
    services.createDatabase('strangler'),
  ]);

  tell(
    `${options.transport === 'kafka' ? 'Kafka and Debezium, ' : ''}Unleash (the real server), the monolith's schema and seed`,
  );
  const logs = (name: string): string => join(folder.path, 'logs', `${name}.log`);
  const [unleash, kafka, monolithPort, catalogPort, ratesPort, monolithPactPort, catalogPactPort] =
    await all<[UnleashServer, KafkaPair | undefined, number, number, number, number, number, void]>(
      [
        startUnleash({ postgresUrl: services.url('unleash'), logFile: logs('unleash') }).then(
          (server) => {
            undo.push(() => server.stop());
            return server;
          },
        ),
        options.transport !== 'kafka'
          ? Promise.resolve(undefined)
          : startKafkaPair().then((pair) => {
              undo.push(() => pair.stop());
              return pair;
            }),
        freePort(),
        freePort(),
        freePort(),
        freePort(),
        freePort(),
        run('migrate', 'legacy-monolith/src/db/migrate.ts', [], { DATABASE_URL: monolithDatabase })
          .then(() =>
            run('seed', 'legacy-monolith/src/db/seed.ts', ['--scale', String(options.scale ?? 1)], {
              DATABASE_URL: monolithDatabase,
            }),
          )
          .then(() =>
            run('migrate catalog', 'extracted/catalog/src/migrate-main.ts', [], {
              DATABASE_URL: catalogDatabase,
            }),
          ),
      ],
    );
  const env = {
    STRANGLER_CONTROL_URL: controlDatabase,
    STRANGLER_CONTEXTS: options.contexts ?? inRepository('contexts'),
    STRANGLER_TRANSPORT: options.transport ?? 'embedded',
    ...(kafka && { KAFKA_BROKERS: kafka.broker.brokers, CONNECT_URL: kafka.connect.url }),
    UNLEASH_URL: unleash.url,
    UNLEASH_CLIENT_TOKEN: unleash.clientToken,
    UNLEASH_ADMIN_TOKEN: unleash.adminToken,
    MONOLITH_URL: `http://127.0.0.1:${monolithPort}`,
    MONOLITH_DATABASE_URL: monolithDatabase,
    CATALOG_URL: `http://127.0.0.1:${catalogPort}`,
    CATALOG_DATABASE_URL: catalogDatabase,
    SHIPPING_RATES_URL: `http://127.0.0.1:${ratesPort}`,
    ...pactAddresses(monolithPactPort, catalogPactPort),
    PACT_DO_NOT_TRACK: 'true',
  };
  const stack = new Stack({ folder, databases: { monolith, services }, unleash, kafka, env });
  undo.splice(0, undo.length, () => stack.stop());
  tell('the monolith, the catalog service, the shipping rates service');
  await all<[Member, Member, Member]>([
    stack.add({
      name: 'monolith',
      file: 'legacy-monolith/src/main.ts',
      port: monolithPort,
      env: { DATABASE_URL: monolithDatabase },
    }),
    stack.add({
      name: 'catalog',
      file: 'extracted/catalog/src/main.ts',
      port: catalogPort,
      env: { DATABASE_URL: catalogDatabase },
    }),
    stack.add({
      name: 'shipping-rates',
      file: 'extracted/shipping-rates/src/main.ts',
      port: ratesPort,
      env: {},
    }),
  ]);
  // The first command makes the control schema.
  const { code, stderr } = await stack.strangler(['status']);
  if (code !== 0) throw new Error(`strangler status ended with ${code}\n${stderr}`);
  tell(`${options.facades ?? 2} facades`);
  await all(
    Array.from({ length: options.facades ?? 2 }, async (_, index) => {
      const [port, adminPort] = [await freePort(), await freePort()];
      const name = `facade-${index + 1}`;
      const stateDir = join(folder.path, name);
      await mkdir(stateDir);
      await stack.add({
        name,
        file: 'facade/bin/facade.js',
        port,
        env: {
          FACADE_HOST: '127.0.0.1',
          FACADE_PORT: String(port),
          FACADE_ADMIN_PORT: String(adminPort),
          FACADE_STATE_DIR: stateDir,
          FACADE_NAME: name,
          ...(options.debugHeaders ? { FACADE_DEBUG_HEADERS: '1' } : {}),
        },
      });
    }),
  );
  options.signal?.throwIfAborted();
  return stack;
}
