import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  temporaryFolder,
  type TemporaryFolder,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { verify } from '../../src/steps/verify.ts';
import { migrationNames, type Migrator, startMigrator } from './unleash/application.ts';
import { Deploying, fill, type Outcome, table } from './unleash/hundred.ts';
import { Load } from './unleash/load.ts';
import { context, Replication } from './unleash/replication.ts';
import { readShapes } from './unleash/shapes.ts';

const hundred = 100;
const databases: TestDatabase[] = [];
const clients: pg.Client[] = [];
let folder: TemporaryFolder;
let migrator: Migrator;
let replication: Replication;

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
  await replication?.stop();
  await migrator?.[Symbol.asyncDispose]();
  for (const client of clients) await client.end();
  for (const one of databases) await one.drop();
  await folder?.remove();
});

test('the last hundred migrations of unleash-server pass under load while its tables replicate: carried, or stopped with a reason and continued', async () => {
  const names = await migrationNames();
  const at = { control: await database('control'), monolith: await database('monolith') };
  migrator = startMigrator(at.monolith.url);
  await migrator.apply(names.length - hundred);
  // The service begins with the monolith's tables, empty.
  const serviceAt = await database('service', at.monolith.name);
  const monolith = await connect(at.monolith);
  const service = await connect(serviceAt);
  const shapes = await readShapes(monolith);
  await service.query(
    `TRUNCATE ${Object.keys(shapes)
      .map((name) => `"${name}"`)
      .join()} CASCADE`,
  );
  // A later migration gives it a column that must have a value and has none: it was deployed before anybody had a row.
  const empty = new Set(['api_tokens_v2', 'api_tokens_v2_project']);
  await fill(monolith, shapes, empty);

  replication = new Replication(folder, {
    STRANGLER_CONTROL_URL: at.control.url,
    MONOLITH_URL: 'http://127.0.0.1:1',
    FLAGS_URL: 'http://127.0.0.1:1',
    MONOLITH_DATABASE_URL: at.monolith.url,
    FLAGS_DATABASE_URL: serviceAt.url,
  });
  await replication.propose(Object.keys(shapes));
  replication.start();
  expect(await replication.settled()).toBeNull();
  const untouched = async (): Promise<unknown> =>
    (
      await service.query(
        `SELECT md5((SELECT string_agg(xmin::text, ',' ORDER BY id) FROM segments) || (SELECT string_agg(xmin::text, ',' ORDER BY name) FROM strategies)) AS by`,
      )
    ).rows[0]?.by;
  const copied = await untouched();

  const load = new Load(at.monolith.url);
  await load.begin();
  const deploying = new Deploying({ migrator, replication, monolith, service, empty }, shapes);
  const outcomes: Outcome[] = [];
  for (const name of names.slice(-hundred)) outcomes.push(await deploying.deploy(name));
  await load.end();
  expect(await replication.settled()).toBeNull();
  console.log(table(outcomes));

  const stopped = outcomes.filter(({ stopped: error }) => error !== null);
  expect(stopped.map(({ migration, stopped: error }) => [migration, error?.code])).toEqual([
    ['20241220102327-drop-ai-chats', 'SCHEMA_CHANGED'],
    ['20251027094509-milestone-progression-natural-pk', 'SCHEMA_CHANGED'],
    ['20260318100000-safeguards-drop-project-column', 'SCHEMA_CHANGED'],
  ]);
  for (const { stopped: error, continued } of stopped) {
    expect(error?.message).toMatch(/contexts\/flags: tables\[\d+\]/);
    expect(continued.join(', ')).toMatch(/\breplicate\b/);
  }
  expect(outcomes).toHaveLength(hundred);

  await using kit = replication.kit();
  const compared = await verify.execute(kit, { context });
  expect(compared.tables.filter(({ differing }) => differing.length > 0)).toEqual([]);
  expect([compared.differences, compared.unsettled]).toEqual([0, 0]);
  expect(compared.tables).toHaveLength(Object.keys(await readShapes(monolith)).length);
  expect(await replication.deadLetters()).toBe(0);
  // The first worker copied, none after it, and rows that no migration was about are those of that copy.
  expect([...new Set(replication.copied.map(({ worker }) => worker))]).toEqual([1]);
  expect(await untouched()).toBe(copied);

  const { rows } = await service.query<{ name: string; description: string }>(
    `SELECT name, description FROM features WHERE name LIKE 'load-%'`,
  );
  expect(load.written).toBeGreaterThan(hundred);
  expect(new Map(rows.map(({ name, description }) => [name, description]))).toEqual(load.flags);
  expect(load.deleted.size).toBeGreaterThan(0);
});
