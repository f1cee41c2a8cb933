import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  freePort,
  missingForKafka,
  startPostgres,
  startUnleash,
  temporaryFolder,
  type PostgresServer,
  type UnleashServer,
} from '@strangler-toolkit/dev-stack';
import { type KafkaPair, startKafkaPair } from './kafka-pair.ts';
import { all, inRepository, run } from './programs.ts';
import { type Member, Stack } from './stack.ts';

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

const pactAddresses = (monolithPort: number, catalogPort: number): Record<string, string> => ({
  MONOLITH_PACT_URL: `http://127.0.0.1:${monolithPort}`,
  MONOLITH_PACT_STATE_URL: `http://127.0.0.1:${monolithPort}/_test/states`,
  CATALOG_PACT_URL: `http://127.0.0.1:${catalogPort}`,
  CATALOG_PACT_STATE_URL: `http://127.0.0.1:${catalogPort}/_test/states`,
});

/** On the same server: `startPactSides` makes it. */
const pactDatabase = (live: string): string => {
  const url = new URL(live);
  url.pathname += '_pacts';
  return url.href;
};

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
    MONOLITH_PACT_DATABASE_URL: pactDatabase(monolithDatabase),
    CATALOG_PACT_DATABASE_URL: pactDatabase(catalogDatabase),
    PACT_DO_NOT_TRACK: 'true',
  };
  const stack = new Stack({ folder, databases: { monolith, services }, unleash, kafka, env });
  undo.splice(0, undo.length, () => stack.stop());
  tell('the monolith, the catalog service, the shipping rates service');
  const facadePorts = await all(Array.from({ length: options.facades ?? 2 }, freePort));
  await all<[Member, Member, Member]>([
    stack.add({
      name: 'monolith',
      file: 'legacy-monolith/src/main.ts',
      port: monolithPort,
      env: {
        DATABASE_URL: monolithDatabase,
        // Its pages ask for what they show where their visitors do.
        PUBLIC_URL: facadePorts.map((port) => `http://127.0.0.1:${port}`).join(),
      },
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
  tell(`${facadePorts.length} facades`);
  await all(
    facadePorts.map(async (port, index) => {
      const adminPort = await freePort();
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
