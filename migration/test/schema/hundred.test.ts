import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  sharedKafka,
  temporaryFolder,
  type TemporaryFolder,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import pg from 'pg';
import { verify } from '../../src/steps/verify.ts';
import { migrationNames, type Migrator, startMigrator } from './unleash/application.ts';
import { Deploying, fill, Follower, table } from './unleash/hundred.ts';
import { Load } from './unleash/load.ts';
import { Replication } from './unleash/replication.ts';
import { readShapes } from './unleash/shapes.ts';

const hundred = 100;
const databases: TestDatabase[] = [];
const clients: pg.Client[] = [];
let folder: TemporaryFolder;
let migrator: Migrator;

const database = async (label: string, template?: string): Promise<TestDatabase> => {
  const made = await createTestDatabase(label, template);
  databases.push(made);
  return made;
};
const connect = async ({ url }: TestDatabase): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
};

beforeAll(async () => {
  folder = await temporaryFolder('hundred');
});
afterAll(async () => {
  for (const { replication } of services) await replication.end();
  await migrator?.[Symbol.asyncDispose]();
  for (const client of clients) await client.end();
  for (const one of databases) await one.drop();
  await folder?.remove();
});

interface Service {
  readonly replication: Replication;
  readonly client: pg.Client;
  readonly follower: Follower;
  /** When the rows that no migration is about were written. */
  readonly copied: unknown;
}
const services: Service[] = [];

const untouched = async (client: pg.Client): Promise<unknown> =>
  (
    await client.query(
      `SELECT md5((SELECT string_agg(xmin::text, ',' ORDER BY id) FROM segments) || (SELECT string_agg(xmin::text, ',' ORDER BY name) FROM strategies)) AS by`,
    )
  ).rows[0]?.by;

let load: Load;
let shapesAtEnd: number;

/** One story for all transports: the monolith deploys once, and a service for each follows it. */
async function deployed(
  transports: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<void> {
  const names = await migrationNames();
  const at = { control: await database('control'), monolith: await database('monolith') };
  migrator = startMigrator(at.monolith.url);
  await migrator.apply(names.length - hundred);
  // The services begin with the monolith's tables, empty.
  const begin: (readonly [string, TestDatabase])[] = [];
  for (const context of Object.keys(transports))
    begin.push([context, await database(`service_${context.replace('-', '_')}`, at.monolith.name)]);
  const monolith = await connect(at.monolith);
  const shapes = await readShapes(monolith);
  // A later migration gives it a column that must have a value and has none: it was deployed before anybody had a row.
  const empty = new Set(['api_tokens_v2', 'api_tokens_v2_project']);
  await fill(monolith, shapes, empty);
  await Promise.all(
    begin.map(async ([context, own]) => {
      const client = await connect(own);
      await client.query(
        `TRUNCATE ${Object.keys(shapes)
          .map((name) => `"${name}"`)
          .join()} CASCADE`,
      );
      const name = context.toUpperCase().replace('-', '_');
      const replication = new Replication(context, folder, {
        STRANGLER_CONTROL_URL: at.control.url,
        MONOLITH_URL: 'http://127.0.0.1:1',
        MONOLITH_DATABASE_URL: at.monolith.url,
        [`${name}_URL`]: 'http://127.0.0.1:1',
        [`${name}_DATABASE_URL`]: own.url,
        ...transports[context],
      });
      await replication.propose(Object.keys(shapes));
      replication.start();
      const follower = new Follower(replication, client, shapes);
      expect(await replication.settled()).toBeNull();
      services.push({ replication, client, follower, copied: await untouched(client) });
    }),
  );

  load = new Load(at.monolith.url);
  await load.begin();
  const deploying = new Deploying(
    { migrator, monolith, empty },
    services.map(({ follower }) => follower),
  );
  for (const name of names.slice(-hundred)) await deploying.deploy(name);
  await load.end();
  for (const { replication } of services) expect(await replication.settled()).toBeNull();
  shapesAtEnd = Object.keys(await readShapes(monolith)).length;
}

async function expectFollowed(context: string): Promise<void> {
  const { replication, client, follower, copied } = services.find(
    (one) => one.replication.context === context,
  )!;
  const { outcomes } = follower;
  console.log(table(outcomes));

  const stopped = outcomes.filter(({ stopped: error }) => error !== null);
  expect(stopped.map(({ migration, stopped: error }) => [migration, error?.code])).toEqual([
    ['20241220102327-drop-ai-chats', 'SCHEMA_CHANGED'],
    ['20251027094509-milestone-progression-natural-pk', 'SCHEMA_CHANGED'],
    ['20260318100000-safeguards-drop-project-column', 'SCHEMA_CHANGED'],
  ]);
  for (const { stopped: error, continued } of stopped) {
    expect(error?.message).toMatch(new RegExp(`contexts/${context}: tables\\[\\d+\\]`));
    expect(continued.join(', ')).toMatch(/\breplicate\b/);
  }
  expect(outcomes).toHaveLength(hundred);

  await using kit = replication.kit();
  const compared = await verify.execute(kit, { context });
  expect(compared.tables.filter(({ differing }) => differing.length > 0)).toEqual([]);
  expect([compared.differences, compared.unsettled]).toEqual([0, 0]);
  expect(compared.tables).toHaveLength(shapesAtEnd);
  expect(await replication.deadLetters()).toBe(0);
  // The first worker copied, none after it, and rows that no migration was about are those of that copy.
  expect([...new Set(replication.copied.map(({ worker }) => worker))]).toEqual([1]);
  expect(await untouched(client)).toBe(copied);

  const { rows } = await client.query<{ name: string; description: string }>(
    `SELECT name, description FROM features WHERE name LIKE 'load-%'`,
  );
  expect(load.written).toBeGreaterThan(hundred);
  expect(new Map(rows.map(({ name, description }) => [name, description]))).toEqual(load.flags);
  expect(load.deleted.size).toBeGreaterThan(0);
}

let told: Promise<void> | undefined;

describeWithKafka('over Kafka, beside the other transport', () => {
  test('the same hundred migrations pass, with the same stops', async () => {
    const { brokers, connectUrl } = await sharedKafka();
    const kafka = {
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: brokers,
      CONNECT_URL: connectUrl,
    };
    await (told ??= deployed({ flags: {}, 'flags-kafka': kafka }));
    await expectFollowed('flags-kafka');
  }, 1_200_000);
});

test('the last hundred migrations of unleash-server pass under load while its tables replicate: carried, or stopped with a reason and continued', async () => {
  await (told ??= deployed({ flags: {} }));
  await expectFollowed('flags');
});
