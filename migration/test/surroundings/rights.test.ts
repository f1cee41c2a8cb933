import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sharedKafka, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { defineMigration } from '@strangler-toolkit/plan';
import { openControl } from '../../src/control/index.ts';
import { withConnection } from '../../src/database/connect.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { cli, json, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { toCanary } from '../support/to-canary.ts';

/** The statements of the guide, for a role and a database of this test. */
async function documented(role: string, database: string): Promise<string> {
  const guide = await readFile(
    new URL('../../../docs/guide/your-database.md', import.meta.url),
    'utf8',
  );
  const sql = /```sql\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  return sql
    .replaceAll('strangler', role)
    .replaceAll('shop_owner', `${role}_owner`)
    .replaceAll('DATABASE shop', `DATABASE ${database}`);
}

let scene: Scene;
let env: Record<string, string>;
let worker: RunningCli | undefined;
let roles: { readonly database: TestDatabase; readonly role: string }[] = [];

const catalog = defineMigration({
  context: 'catalog',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:1' },
  routes: [],
});

/** A scene whose commands, and Debezium with them, come with a role that has just those rights. */
async function open(label: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const role = `${label}_${process.pid}`;
  roles = [];
  scene = await openScene(label);
  env = { ...scene.env, ...more };
  for (const [side, variable] of [
    ['monolith', 'MONOLITH_DATABASE_URL'],
    ['service', 'CATALOG_DATABASE_URL'],
  ] as const) {
    const database = scene[side];
    const own = `${role}_${side}`;
    const table = side === 'monolith' ? 'products' : 'items';
    await scene.sql(
      database,
      `CREATE ROLE ${own}_owner; ALTER TABLE ${table} OWNER TO ${own}_owner`,
    );
    for (const statement of (await documented(own, database.name)).split(';'))
      if (statement.trim() !== '') await scene.sql(database, statement);
    roles.push({ database, role: own });
    const url = new URL(database.url);
    url.username = own;
    url.password = 'secret';
    env[variable] = url.href;
  }
}

async function ended(): Promise<void> {
  worker?.child.kill('SIGKILL');
  await worker?.done;
  worker = undefined;
}

async function close(): Promise<void> {
  await ended();
  for (const { database, role: own } of roles) {
    await until('nothing of the role is left at work', async () => {
      await scene.sql(
        database,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${own}'`,
      );
      await scene.sql(
        database,
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active`,
      );
      const left = await scene.sql(
        database,
        `SELECT FROM pg_replication_slots WHERE database = current_database() UNION ALL SELECT FROM pg_stat_activity WHERE usename = '${own}'`,
      );
      return left.length === 0;
    });
    await scene.sql(
      database,
      `DROP OWNED BY ${own}, ${own}_owner CASCADE; DROP ROLE ${own}; DROP ROLE ${own}_owner`,
    );
  }
  await scene.close();
}

const run = async (...args: string[]): Promise<Record<string, unknown>> => {
  const result = await cli([...args, '--json'], env);
  if (result.code !== 0)
    throw new Error(
      `strangler ${args.join(' ')} exited ${result.code}: ${result.stdout} ${result.stderr}`,
    );
  return json(result);
};

/** There and back. */
async function expectThereAndBack(): Promise<void> {
  const owned = await cli(['doctor', 'catalog', '--json'], env);
  const checks = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(owned).checks;
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  await run('replicate', 'catalog', '--until-caught-up');
  worker = startCli(['replicate', 'catalog'], env);
  const control = await openControl(scene.control.url);
  try {
    const caughtUp = (direction: 'forward' | 'reverse') =>
      until(`the worker follows ${direction}`, async () => {
        const [row, watermark] = [
          await control.contexts.require('catalog'),
          await control.watermarks.get('catalog', direction),
        ];
        return (
          watermark?.workerAlive && watermark.state === 'caught-up' && watermark.epoch === row.epoch
        );
      });
    await caughtUp('forward');
    await toCanary(control, 'catalog');
    expect(await run('verify', 'catalog')).toMatchObject({ differences: 0, rowsCompared: 50 });
    expect(await run('cutover', 'catalog', '--yes', '--no-facade')).toMatchObject({
      owner: 'service',
    });
    await caughtUp('reverse');
    await scene.sql(scene.service, `INSERT INTO items (title) VALUES ('made by the service')`);
    await until(
      'the row came back',
      async () =>
        (await scene.sql(scene.monolith, `SELECT FROM products WHERE name = 'made by the service'`))
          .length === 1,
    );
    expect(await run('rollback', 'catalog', '--yes', '--no-facade')).toMatchObject({
      owner: 'monolith',
    });
  } finally {
    await control.close();
  }
}

describe('over the embedded transport', () => {
  beforeAll(() => open('rights'));
  afterAll(close);

  test('a role with just the documented rights replicates, verifies, cuts over and rolls back', () =>
    expectThereAndBack());

  test.each(['oid', 'create', 'session_setup', 'drop'])(
    'doctor asks for pg_replication_origin_%s where it is missing',
    async (name) => {
      const [{ database, role: own }] = [roles[0]!];
      const grant = `EXECUTE ON FUNCTION pg_replication_origin_${name}(text)`;
      await scene.sql(database, `REVOKE ${grant} FROM ${own}`);
      const { checks } = json<{ checks: { check: string; ok: boolean; remedy: string }[] }>(
        await cli(['doctor', 'catalog', '--json'], env),
      );
      await scene.sql(database, `GRANT ${grant} TO ${own}`);
      expect(checks.find(({ check }) => check === 'monolith replication origins')).toMatchObject({
        ok: false,
        remedy: `GRANT ${grant} TO ${own}`,
      });
    },
  );
});

describeWithKafka('over Kafka', () => {
  beforeAll(async () => {
    const { brokers, connectUrl } = await sharedKafka();
    await open('rights_kafka', {
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: brokers,
      CONNECT_URL: connectUrl,
    });
  });
  afterAll(async () => {
    await ended();
    // Connector and topics go with a stream that is given up.
    for (const [direction, url] of [
      ['forward', scene.monolith.url],
      ['reverse', scene.service.url],
    ] as const)
      await withConnection(url, { applicationName: 'test' }, (client) =>
        chooseTransport(catalog, env).remove({ context: 'catalog', direction, url, client }),
      );
    await close();
  });

  test('a role with just the documented rights replicates, verifies, cuts over and rolls back, and Debezium with it', () =>
    expectThereAndBack());
});
