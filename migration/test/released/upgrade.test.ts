import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import { codeOf } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { openControl } from '../../src/control/index.ts';
import { connect } from '../../src/database/connect.ts';
import { countOpenDeadLetters, listDeadLetters } from '../../src/replica/dead-letters.ts';
import { readPosition } from '../../src/replica/event-positions.ts';
import { installFenceSchema } from '../../src/replica/fences.ts';
import { readStreamNote } from '../../src/replica/heartbeats.ts';
import { claim } from '../../src/replica/move-guards.ts';
import { readProbe } from '../../src/replica/probe.ts';
import { noteProcessed } from '../../src/replica/processed-events.ts';
import { readRefusals } from '../../src/replica/refusals.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import { cli } from '../support/cli.ts';
import { openScene } from '../support/scene.ts';
import { strayMoments, strayWriters } from '../../src/replica/stray-writes.ts';
import { lockStreamRow, readStreamRow } from '../../src/replica/streams.ts';

const released = (file: string): Promise<string> =>
  readFile(new URL(file, import.meta.url), 'utf8');

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase('released');
  client = await connect(database.url, { applicationName: 'test' });
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

const install = async (by = client): Promise<void> => {
  await installReplicaSchema(by);
  await installFenceSchema(by, 'shop');
  await installReplicaSchema(by, 'events');
};

describe('a data database of release 0.1.0', () => {
  test('keeps every row, and every part of it works on', async () => {
    await client.query(await released('data-0.1.0.sql'));
    await install();
    expect(await readStreamRow(client, 'shop', 'forward')).toEqual({
      epoch: 3n,
      position: 0x16b3748n,
      state: 'open',
      rowsApplied: 42n,
      checkpoint: { 'topic/0': '7' },
      history: null,
    });
    await client.query('BEGIN');
    expect(await lockStreamRow(client, 'shop', 'forward', 3n)).toMatchObject({ deadLetters: 1 });
    await client.query('COMMIT');
    expect(await countOpenDeadLetters(client, 'shop', 'forward')).toBe(1);
    expect(await listDeadLetters(client, { context: 'shop' })).toMatchObject([
      { table: 'public.items', key: { id: '1' }, errorCode: '23514' },
    ]);
    expect(await readProbe(client, 'shop', 'forward')).toBe('00000000-0000-0000-0000-000000000002');
    expect(await readStreamNote(client, 'shop', 'forward')).toMatchObject({ name: 's', beat: 5n });
    expect(await strayWriters(client, 'shop')).toMatchObject([
      { application: 'cron', writes: '1', epoch: null },
    ]);
    expect(await readRefusals(client, 'shop')).toEqual({
      refused: '1',
      refusedEarlier: '0',
      lastRefusedAt: null,
      refusedWriters: [{ table: null, operation: null, user: null, writes: '1' }],
    });
    await expect(
      claim(client, { context: 'shop', control: 'c', number: '8' }),
    ).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await noteProcessed(client, 'mail', '00000000-0000-0000-0000-000000000003')).toBe(false);
    expect(await readPosition(client, { consumer: 'mail', service: 'shop' })).toBe(0x16b3748n);
  });

  test('says which right a role that may not create lacks to bring it up to date', async () => {
    await client.query(await released('data-0.1.0.sql'));
    const role = `user_${database.name}`;
    await client.query(`CREATE ROLE ${role}; GRANT USAGE ON SCHEMA strangler TO ${role}`);
    try {
      await client.query(`SET ROLE ${role}`);
      await expect(install()).rejects.toMatchObject({ code: 'DB_PRIVILEGE' });
      await client.query('RESET ROLE');
      // The rights to create are not enough for what another role made.
      await client.query(
        `GRANT CREATE ON SCHEMA strangler TO ${role}; GRANT CREATE ON DATABASE ${database.name} TO ${role}`,
      );
      const owner = (await client.query<{ owner: string }>('SELECT current_user AS owner')).rows[0];
      await client.query(`SET ROLE ${role}`);
      await expect(installFenceSchema(client, 'shop')).rejects.toMatchObject({
        code: 'DB_PRIVILEGE',
        message: expect.stringMatching(`their owner alone: GRANT "?${owner?.owner}"? TO`),
      });
    } finally {
      await client.query('RESET ROLE');
      await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  test('that another role brings up to date: the audit fence logs on, with the rights of who made it', async () => {
    await client.query(await released('data-0.1.0.sql'));
    const role = `maker_${database.name}`;
    await client.query(
      `CREATE ROLE ${role}; GRANT ALL ON SCHEMA strangler TO ${role};
       ALTER TABLE strangler.stray_writes OWNER TO ${role}; ALTER FUNCTION strangler.fence_audit() OWNER TO ${role};
       CREATE TABLE items (id int); CREATE TRIGGER strangler_fence BEFORE INSERT ON items
         FOR EACH STATEMENT EXECUTE FUNCTION strangler.fence_audit('shop', 'monolith', '7')`,
    );
    try {
      await installFenceSchema(client, 'shop');
      await client.query('INSERT INTO items VALUES (1)');
      const logged = await strayMoments(client, 'shop', 7);
      expect([logged.writes, logged.moments.length]).toEqual([1, 1]);
    } finally {
      await client.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
    }
  });

  test('whose fences stand is looked at as it is: nothing is made', async () => {
    await client.query(await released('data-0.1.0.sql'));
    expect(await strayWriters(client, 'shop')).toMatchObject([{ writes: '1', epoch: null }]);
    expect(await readRefusals(client, 'shop')).toMatchObject({ refused: '1', refusedEarlier: '0' });
    const { rows } = await client.query(`SELECT to_regclass('strangler.refusals')::text AS id`);
    expect(rows).toEqual([{ id: null }]);
  });

  test('with fences of an older release gets the functions of this one', async () => {
    await client.query(await released('data-0.1.0.sql'));
    await client.query(`COMMENT ON FUNCTION strangler.fence_refuse() IS 'strangler fence 1'`);
    await installFenceSchema(client, 'shop');
    const { rows } = await client.query<{ comment: string }>(
      `SELECT obj_description('strangler.fence_refuse()'::regprocedure, 'pg_proc') AS comment`,
    );
    expect(rows[0]?.comment).toBe('strangler fence 2');
    expect(await strayWriters(client, 'shop')).toHaveLength(1);
  });
});

test('an upgrade that a business transaction holds up lets the others pass, and names it in the end', async () => {
  await client.query(await released('data-0.1.0.sql'));
  await client.query(
    `CREATE TABLE items (id int); CREATE TRIGGER strangler_fence BEFORE INSERT ON items
     FOR EACH STATEMENT EXECUTE FUNCTION strangler.fence_audit('shop', 'monolith')`,
  );
  const long = await connect(database.url, { applicationName: 'nightly job' });
  const other = await connect(database.url, { applicationName: 'shop' });
  try {
    await long.query('BEGIN; INSERT INTO items VALUES (1)');
    const upgraded = installFenceSchema(client, 'shop').then(
      () => 'upgraded',
      (error: unknown) => error,
    );
    await until('the upgrade waits', async () => {
      const { rows } = await other.query(
        `SELECT FROM pg_locks WHERE relation = 'strangler.stray_writes'::regclass AND NOT granted`,
      );
      return rows.length > 0;
    });
    await other.query(`SET statement_timeout = '3s'; INSERT INTO items VALUES (2)`);
    expect(await upgraded).toMatchObject({
      code: 'REPLICA_SCHEMA_BUSY',
      message: expect.stringContaining('nightly job, idle in transaction'),
    });
    await long.query('COMMIT');
    await installFenceSchema(client, 'shop');
    expect(await strayWriters(client, 'shop')).toMatchObject([
      { writes: '1' },
      { writes: '1' },
      { writes: '1' },
    ]);
  } finally {
    await long.end();
    await other.end();
  }
});

describe('the numbered schema of a data database', () => {
  const versions = async (): Promise<unknown[]> =>
    (
      await client.query(
        'SELECT part, version::text AS version FROM strangler.schema_versions ORDER BY part',
      )
    ).rows;

  test('is made once by many that start at the same time, part by part', async () => {
    const clients = await Promise.all(
      Array.from({ length: 6 }, () => connect(database.url, { applicationName: 'test' })),
    );
    try {
      await Promise.all(clients.map((one) => installReplicaSchema(one)));
      await Promise.all(clients.map((one) => installFenceSchema(one, 'shop')));
    } finally {
      await Promise.all(clients.map((one) => one.end()));
    }
    expect(await versions()).toEqual([
      { part: 'fences', version: '5' },
      { part: 'replication', version: '6' },
    ]);
  });

  test('asks nothing of a role that may not create, and gives no right to everybody', async () => {
    await install();
    const role = `user_${database.name}`;
    await client.query(`CREATE ROLE ${role}; GRANT USAGE ON SCHEMA strangler TO ${role}`);
    try {
      await client.query(`SET ROLE ${role}`);
      await install();
    } finally {
      await client.query('RESET ROLE');
      await client.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
    const { rows } = await client.query<{ everybody: string }>(
      `SELECT has_schema_privilege('public', 'strangler', 'USAGE')::text AS everybody`,
    );
    expect(rows).toEqual([{ everybody: 'false' }]);
  });

  test('is looked at again under the lock: what another release did meanwhile is not done over', async () => {
    const newer = await connect(database.url, { applicationName: 'newer' });
    try {
      await newer.query('BEGIN');
      await newer.query(`SELECT pg_advisory_xact_lock(hashtext('strangler support schema'))`);
      const late = installReplicaSchema(client).then(
        () => 'installed',
        (error: unknown) => codeOf(error),
      );
      await until('the late one waits for the lock', async () => {
        const { rows } = await newer.query(
          `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return rows.length > 0;
      });
      await newer.query(
        `CREATE SCHEMA strangler; CREATE TABLE strangler.schema_versions (part text PRIMARY KEY, version int NOT NULL, at timestamptz);
         INSERT INTO strangler.schema_versions VALUES ('replication', 99); COMMIT`,
      );
      expect(await late).toBe('REPLICA_SCHEMA_NEWER');
      const { rows } = await client.query(`SELECT to_regclass('strangler.streams')::text AS id`);
      expect(rows).toEqual([{ id: null }]);
    } finally {
      await newer.end();
    }
  });

  test('counts what is refused also where another role than the owner of the function made the counters', async () => {
    await install();
    const roles = ['maker', 'keeper'].map((name) => `${name}_${database.name}`);
    const [maker, keeper] = roles;
    await client.query(
      `CREATE TABLE items (id int); CREATE ROLE ${maker}; CREATE ROLE ${keeper};
       GRANT USAGE, CREATE ON SCHEMA strangler TO ${maker}, ${keeper};
       GRANT SELECT, INSERT ON strangler.refusals TO ${maker};
       ALTER FUNCTION strangler.fence_refuse() OWNER TO ${keeper}`,
    );
    try {
      await client.query(`SET ROLE ${maker}`);
      await installFenceSchema(client, 'late', [{ schema: 'public', table: 'items' }]);
      await client.query(
        `RESET ROLE; CREATE TRIGGER strangler_fence BEFORE INSERT ON items
         FOR EACH STATEMENT EXECUTE FUNCTION strangler.fence_refuse('late', 'service')`,
      );
      await expect(client.query('INSERT INTO items VALUES (1)')).rejects.toMatchObject({
        code: 'SF001',
      });
      expect(await readRefusals(client, 'late')).toMatchObject({
        refused: '1',
        lastRefusedAt: expect.any(String),
        refusedWriters: [{ table: 'public.items', operation: 'INSERT', writes: '1' }],
      });
    } finally {
      await client.query('RESET ROLE');
      await client.query(`DROP TABLE items`);
      await client.query(`DROP OWNED BY ${roles.join(', ')} CASCADE`);
      await client.query(`DROP ROLE ${roles.join(', ')}`);
    }
  });

  test('of a newer release is refused, and nothing is changed', async () => {
    await installReplicaSchema(client);
    await client.query(`UPDATE strangler.schema_versions SET version = 99, compatible_from = 99`);
    await expect(installReplicaSchema(client)).rejects.toMatchObject({
      code: 'REPLICA_SCHEMA_NEWER',
      details: { part: 'replication', version: 99, compatibleFrom: 99, newest: 6 },
    });
    expect(await versions()).toEqual([{ part: 'replication', version: '99' }]);
  });
});

test('a control database of release 0.1.0 keeps owner, epoch, journal and evidence', async () => {
  await client.query(await released('control-0.1.0.sql'));
  await using control = await openControl(database.url);
  expect(await control.contexts.require('shop')).toMatchObject({
    owner: 'service',
    stage: 'service',
    epoch: 4,
  });
  expect(await control.journal.list({ context: 'shop' })).toMatchObject([
    { actor: 'ann', step: 'flip', status: 'done', epoch: 4 },
  ]);
  expect(await control.evidence.latest('shop', 'verification')).toMatchObject({
    ok: true,
    detail: { rows: 7 },
  });
  await control.contexts.setHold('shop', '00000000-0000-0000-0000-000000000001', 1_000);
  expect((await control.contexts.require('shop')).held).toBe(true);
});

describe('a control database of release 0.1.0', () => {
  const applied = async (): Promise<string[]> =>
    (
      await client.query<{ name: string }>(
        `SELECT name FROM strangler_control.kysely_migration
         UNION ALL SELECT name FROM strangler_control.additive_migrations ORDER BY name`,
      )
    ).rows.map(({ name }) => name);

  test('is changed by no command that only looks, and by `control migrate`', async () => {
    await client.query(await released('control-0.1.0.sql'));
    const scene = await openScene('upgrade');
    try {
      const env = { ...scene.env, STRANGLER_CONTROL_URL: database.url };
      for (const args of [
        ['status', 'catalog'],
        ['journal'],
        ['can-i', 'cutover', 'catalog'],
        ['replicate', 'catalog', '--dry-run'],
      ]) {
        const looked = await cli(args, env);
        expect([args, looked.code, looked.stderr]).toEqual([
          args,
          1,
          expect.stringMatching(/CONTROL_SCHEMA_OLDER[^]*0002-identities-seen[^]*control migrate/),
        ]);
      }
      expect(
        (
          await client.query(
            `SELECT name, to_regclass('strangler_control.additive_migrations') AS additive
               FROM strangler_control.kysely_migration`,
          )
        ).rows,
      ).toEqual([{ name: '0001-control', additive: null }]);
      expect((await cli(['control', 'migrate'], env)).code).toBe(0);
      expect(await applied()).toEqual([
        '0001-control',
        '0002-identities-seen',
        '0003-unclaimed-requests',
        '0004-flags',
        '0005-written-together',
        '0006-refused-requests',
        '0007-write-windows',
        '0008-named-identities',
        '0009-answer-forms',
        '0010-rate-limits',
      ]);
      expect((await cli(['journal'], env)).stdout).toContain('flip');
      // release 0.1.0 refuses what it does not find in its list: it goes on
      const { rows } = await client.query('SELECT name FROM strangler_control.kysely_migration');
      expect(rows).toEqual([{ name: '0001-control' }]);
    } finally {
      await scene.close();
    }
  });
});

describe('a release that was rolled back', () => {
  const refused = async (
    args: readonly string[],
    env: Record<string, string>,
    code: RegExp,
  ): Promise<void> => {
    const result = await cli(args, env);
    expect([args, result.code, result.stderr]).toEqual([args, 1, expect.stringMatching(code)]);
  };

  test('works on with schemas that the newer one added to, and says what to do about others', async () => {
    const scene = await openScene('rolled_back');
    const { env, control, monolith, service } = scene;
    try {
      const works = async (...args: string[]): Promise<void> => {
        const { code, stderr } = await cli(args, env);
        expect([args, code, code === 0 ? '' : stderr]).toEqual([args, 0, '']);
      };
      await works('replicate', 'catalog', '--until-caught-up');
      await scene.sql(
        control,
        `ALTER TABLE strangler_control.contexts ADD COLUMN future text NOT NULL DEFAULT 'x';
         ALTER TABLE strangler_control.journal ADD COLUMN future int;
         CREATE TABLE strangler_control.future (id int);
         INSERT INTO strangler_control.additive_migrations (name) VALUES ('0099-future')`,
      );
      const added = `
        ALTER TABLE strangler.streams ADD COLUMN future int; ALTER TABLE strangler.heartbeat ADD COLUMN future int;
        UPDATE strangler.schema_versions SET version = version + 1`;
      for (const side of [monolith, service]) await scene.sql(side, added);
      await scene.sql(monolith, `INSERT INTO products (name) VALUES ('late')`);
      await works('replicate', 'catalog', '--until-caught-up');
      expect(await scene.sql(service, 'SELECT count(*)::int AS n FROM items')).toEqual([{ n: 51 }]);
      for (const args of ['verify catalog', 'status catalog', 'journal', 'control migrate'])
        await works(...args.split(' '));
      await works('fence', 'audit', 'catalog', 'on');

      await scene.sql(
        service,
        `UPDATE strangler.schema_versions SET compatible_from = version WHERE part = 'replication'`,
      );
      await refused(
        ['replicate', 'catalog', '--until-caught-up'],
        env,
        /REPLICA_SCHEMA_NEWER[^]*Start the newer release again/,
      );
      await scene.sql(
        control,
        `INSERT INTO strangler_control.kysely_migration VALUES ('0100-other', '2030')`,
      );
      for (const args of ['status catalog', 'control migrate', 'replicate catalog'])
        await refused(
          args.split(' '),
          env,
          /CONTROL_SCHEMA_NEWER[^]*0100-other[^]*Start the newer release again[^]*control restore/,
        );
    } finally {
      await scene.close();
    }
  });
});
