import { inspect } from 'node:util';
import { randomBytes } from 'node:crypto';
import {
  createTestDatabase,
  type PostgresServer,
  type TestDatabase,
  until,
} from '@strangler-toolkit/dev-stack';
import {
  defineMigration,
  isStranglerError,
  type MigrationDefinition,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { type Control, openControl } from '../../src/control/index.ts';
import type { Rate } from '../../src/copy/index.ts';
import { connect, databaseName, withConnection } from '../../src/database/connect.ts';
import { lsnToText } from '../../src/database/lsn.ts';
import { noteOwner } from '../../src/replica/owners.ts';
import {
  createSlot,
  dropSlot,
  embeddedTransport,
  ensurePublication,
  replicationNames,
  type Transport,
} from '../../src/stream/index.ts';
import { runWorker, type WorkerProgress } from '../../src/worker/index.ts';
import { createControlDatabase } from '../support/control-database.ts';

/** Two databases with different schemas and a control database: what a worker works on. */
export interface Shop extends AsyncDisposable {
  readonly definition: MigrationDefinition;
  readonly control: Control;
  readonly controlUrl: string;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly transport: Transport;
}

export const definition = defineMigration({
  context: 'goods',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:1' },
  routes: [],
  tables: [
    {
      monolith: 'products',
      service: [
        {
          table: 'goods',
          columns: {
            id: 'good_id',
            name: 'title',
            status: { to: 'state', values: { on: 'active', off: 'hidden' } },
            tags: 'labels',
            description: 'description',
          },
        },
        {
          table: 'good_prices',
          columns: { id: 'good_id', price: 'amount' },
          constants: { currency: 'EUR' },
        },
      ],
      leave: { row_version: { onReturn: { value: '0' }, reason: 'the old ORM counts with it' } },
    },
  ],
});

type Role = 'control' | 'monolith' | 'service';

/** `servers`: a database that is to lie on a server of its own, which the test may stop. */
export async function openShop(
  servers: Partial<Record<Role, PostgresServer>> = {},
  transport: Transport = embeddedTransport,
): Promise<Shop> {
  const databases = await Promise.all(
    (['control', 'monolith', 'service'] as const).map((label) =>
      openDatabase(label, servers[label]),
    ),
  );
  const [controlDatabase, monolithDatabase, serviceDatabase] = databases;
  if (
    controlDatabase === undefined ||
    monolithDatabase === undefined ||
    serviceDatabase === undefined
  )
    throw new Error('three databases');
  const monolith = await connect(monolithDatabase.url, { applicationName: 'test' });
  const service = await connect(serviceDatabase.url, { applicationName: 'test' });
  await monolith.query(`
    CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, status text NOT NULL DEFAULT 'on', price numeric(12,2) NOT NULL CHECK (price < 1000000),
      tags text[], description text, row_version int NOT NULL);
    INSERT INTO products SELECT n, 'product ' || n, CASE WHEN n % 3 = 0 THEN 'off' ELSE 'on' END, n * 1.5, ARRAY['a,b', 'quote"', NULL], NULL, 0 FROM generate_series(1, 500) n`);
  await service.query(`
    CREATE TABLE goods (good_id bigint PRIMARY KEY, title text NOT NULL, state text NOT NULL, labels text[], description text);
    CREATE TABLE good_prices (good_id bigint PRIMARY KEY REFERENCES goods ON DELETE CASCADE, amount numeric(12,2) NOT NULL CHECK (amount < 100000), currency text NOT NULL)`);
  const control = await openControl(controlDatabase.url);
  await control.contexts.register('goods', 'replicated');
  await control.contexts.setStage({
    context: 'goods',
    expectedStage: 'monolith',
    stage: 'replicating',
  });
  return {
    definition,
    control,
    controlUrl: controlDatabase.url,
    monolithUrl: monolithDatabase.url,
    serviceUrl: serviceDatabase.url,
    monolith,
    service,
    transport,
    async [Symbol.asyncDispose]() {
      await control.close();
      // with a connection of its own: a test may have restarted the server
      if (transport.kind === 'kafka')
        for (const [direction, { url }] of [
          ['forward', monolithDatabase],
          ['reverse', serviceDatabase],
        ] as const)
          await withConnection(url, { applicationName: 'test' }, (client) =>
            transport.remove({ context: 'goods', direction, url, client }),
          );
      // of a server of its own everything goes with it, and it may have lost these connections
      const [onShared, originDatabases] = [
        { monolith: servers.monolith === undefined, service: servers.service === undefined },
        [
          [service, 'forward', serviceDatabase.name, 'service'],
          [monolith, 'reverse', monolithDatabase.name, 'monolith'],
        ] as const,
      ];
      for (const client of [
        ...(onShared.monolith ? [monolith] : []),
        ...(onShared.service ? [service] : []),
      ])
        await client.query(
          'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active',
        );
      for (const [client, direction, database, side] of originDatabases) {
        if (!onShared[side]) continue;
        await client.query(
          'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1',
          [replicationNames('goods', direction, database).origin],
        );
      }
      await monolith.end().catch(() => undefined);
      await service.end().catch(() => undefined);
      await Promise.all(databases.map((database) => database.drop()));
    },
  };
}

async function openDatabase(
  label: Role,
  server: PostgresServer | undefined,
): Promise<TestDatabase> {
  if (server === undefined)
    return label === 'control' ? createControlDatabase(label) : createTestDatabase(label);
  const name = `${label}_${randomBytes(4).toString('hex')}`;
  // the folder of the server goes with the server
  return { name, url: await server.createDatabase(name), drop: async () => undefined };
}

export interface Running extends AsyncDisposable {
  stop(): Promise<void>;
  /** The code it ended with. */
  readonly ended: Promise<string | null>;
  /** What a terminal shows when it ends by itself. */
  readonly told: Promise<string | null>;
  readonly progress: WorkerProgress[];
  readonly notes: string[];
}

export function startWorker(
  shop: Omit<Shop, typeof Symbol.asyncDispose> & {
    readonly reread?: boolean;
    readonly maxRate?: Rate;
    readonly parallel?: number;
  },
): Running {
  const controller = new AbortController();
  const progress: WorkerProgress[] = [];
  const notes: string[] = [];
  const outcome = runWorker({
    ...shop,
    signal: controller.signal,
    onProgress: (step) => progress.push(step),
    onNote: (text) => notes.push(text),
  }).then(
    () => null,
    (error: unknown) => error,
  );
  const ended = outcome.then((error) =>
    error === null ? null : isStranglerError(error) ? error.code : inspect(error),
  );
  const told = outcome.then((error) => (error === null ? null : inspect(error)));
  const stop = async (): Promise<void> => (controller.abort(), void (await ended));
  const running = { ended, told, progress, notes, stop, [Symbol.asyncDispose]: stop };
  lastStarted.set(shop.control, running);
  return running;
}

const lastStarted = new WeakMap<Control, Running>();

/** What the worker said last, and what the databases' sessions wait for: a wait that failed far away is not seen again soon. */
async function whatGoesOn({ control, monolith }: Shop): Promise<string> {
  const worker = lastStarted.get(control);
  const ended = await Promise.race([worker?.told, Promise.resolve('it still runs')]);
  const { rows } = await monolith.query(
    `SELECT datname, application_name, state, wait_event, xact_start, pg_blocking_pids(pid) AS blocked_by, left(query, 200) AS query
     FROM pg_stat_activity WHERE datname = current_database() OR xact_start < now() - interval '5 s'`,
  );
  const { notes, progress } = worker ?? {};
  return inspect(
    { worker: { ended, notes, progress: progress?.slice(-3) }, sessions: rows },
    { depth: 6 },
  );
}

/** The data part of a cutover: the new way is made, the old stream closed, the owner changed. */
export async function flip(shop: Shop, owner: 'monolith' | 'service'): Promise<void> {
  const [direction, source] =
    owner === 'service'
      ? (['reverse', shop.service] as const)
      : (['forward', shop.monolith] as const);
  const names = replicationNames(
    'goods',
    direction,
    databaseName(owner === 'service' ? shop.serviceUrl : shop.monolithUrl),
  );
  const tables = (shop.definition.tables ?? []).flatMap((table) =>
    owner === 'service' ? table.service.map((part) => part.table) : [table.monolith],
  );
  const url = owner === 'service' ? shop.serviceUrl : shop.monolithUrl;
  await shop.transport.announce({ context: 'goods', direction, url, client: source });
  await ensurePublication(source, names.publication, [
    ...tables.map((table) => ({ schema: 'public', table })),
    { schema: 'strangler', table: 'probe' },
    ...shop.transport.ownTables,
  ]);
  await dropSlot(source, names.slot);
  const { position } = await createSlot(source, names.slot);
  // the old stream's position lies on the side that becomes the owner
  await source.query(`UPDATE strangler.streams SET state = 'closed' WHERE direction <> $1`, [
    direction,
  ]);
  const row = await shop.control.contexts.require('goods');
  const startLsn = lsnToText(position);
  await shop.control.flip({
    context: 'goods',
    expectedEpoch: row.epoch,
    owner,
    stage: owner === 'service' ? 'service' : 'canary',
    startLsn,
  });
  for (const client of [shop.monolith, shop.service])
    await noteOwner(client, 'goods', { owner, epoch: row.epoch + 1, startLsn });
}

/** Rows of the two sides in the monolith's terms: equal when replication has done its work. */
export async function bothSides(shop: Shop): Promise<{ monolith: string; service: string }> {
  const monolith = await shop.monolith.query<{ rows: string }>(
    `SELECT json_agg(json_build_array(id::text, name, status, price::text, tags, md5(description)) ORDER BY id) AS rows FROM products`,
  );
  const service = await shop.service.query<{ rows: string }>(
    `SELECT json_agg(json_build_array(good_id::text, title, CASE state WHEN 'active' THEN 'on' WHEN 'hidden' THEN 'off' ELSE state END, amount::text, labels, md5(description)) ORDER BY good_id) AS rows
     FROM goods LEFT JOIN good_prices USING (good_id)`,
  );
  return { monolith: String(monolith.rows[0]?.rows), service: String(service.rows[0]?.rows) };
}

/** The watermark passed a time taken now: everything committed before is applied. */
export async function caughtUp(shop: Shop, direction: 'forward' | 'reverse'): Promise<void> {
  const now = await shop.control.now();
  await until(
    `${direction} watermark passes ${now}`,
    async () => ((await shop.control.watermarks.get('goods', direction))?.appliedAt ?? '') > now,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await whatGoesOn(shop)}`, { cause: error });
  });
}
