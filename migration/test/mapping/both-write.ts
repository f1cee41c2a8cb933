import { expect } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { type MigrationDefinition, validateTogether } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { contextTables, installFence } from '../../src/cutover/index.ts';
import { databaseName } from '../../src/database/connect.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { replicationNames, type Transport } from '../../src/stream/index.ts';
import { verify } from '../../src/verify/index.ts';
import { caughtUp, type Shop, openShop, startWorker } from '../worker/shop.ts';
import { besideWrites, giveBack, giveToService, outcomeOf } from './moved.ts';

const shopSide = { url: 'http://m', database: { env: 'SHOP' } };
const serviceSide = { url: 'http://s', database: { env: 'ORDERS' } };
const audit: MigrationDefinition = {
  context: 'audit',
  data: 'reference',
  monolith: shopSide,
  service: serviceSide,
  routes: [],
  tables: [
    {
      monolith: 'audit_log',
      where: { origin: 'monolith' },
      append: 'audit-back',
      service: [{ table: 'audit', columns: { origin: 'source', id: 'id', said: 'text' } }],
    },
  ],
};
const auditBack: MigrationDefinition = {
  ...audit,
  context: 'audit-back',
  monolith: serviceSide,
  service: shopSide,
  tables: [
    {
      monolith: 'audit',
      where: { source: 'service' },
      append: 'audit',
      service: [{ table: 'audit_log', columns: { source: 'origin', id: 'id', text: 'said' } }],
    },
  ],
};

interface BothWrite extends AsyncDisposable {
  /** What moves beside it, in the same databases. */
  readonly shop: Shop;
  readonly there: Shop;
  readonly back: Shop;
  readonly monolith: pg.Client;
  readonly service: pg.Client;
}

/** One table in two databases, each of which writes it, and a context for each direction. */
export async function openBothWrite(
  transportOf: (definition: MigrationDefinition) => Promise<Transport>,
): Promise<BothWrite> {
  validateTogether([audit, auditBack].map((definition) => ({ definition, file: 'test' })));
  const shop = await openShop();
  const { monolith, service, monolithUrl, serviceUrl } = shop;
  await monolith.query(`
    CREATE TABLE audit_log (origin text NOT NULL DEFAULT 'monolith', id bigint GENERATED ALWAYS AS IDENTITY, said text, PRIMARY KEY (origin, id));
    INSERT INTO audit_log (said) SELECT 'before ' || n FROM generate_series(1, 50) n`);
  await service.query(`
    CREATE TABLE audit (source text NOT NULL DEFAULT 'service', id bigint GENERATED ALWAYS AS IDENTITY, text text, PRIMARY KEY (source, id))`);
  const there = { ...shop, definition: audit, transport: await transportOf(audit) };
  const back = {
    ...shop,
    definition: auditBack,
    transport: await transportOf(auditBack),
    monolith: service,
    service: monolith,
    monolithUrl: serviceUrl,
    serviceUrl: monolithUrl,
  };
  for (const { definition, service: target } of [there, back]) {
    const { context } = definition;
    await shop.control.contexts.register(context, 'replicated');
    await shop.control.contexts.setStage({
      context,
      expectedStage: 'monolith',
      stage: 'replicating',
    });
    await installReplicaSchema(target);
    const tables = contextTables(definition).service;
    await installFence(target, { context, tables, owner: 'monolith', mode: 'refuse' });
  }
  return {
    shop,
    there,
    back,
    monolith,
    service,
    async [Symbol.asyncDispose]() {
      for (const one of [there, back]) {
        const { context } = one.definition;
        const source = {
          context,
          direction: 'forward',
          url: one.monolithUrl,
          client: one.monolith,
        } as const;
        await one.transport.remove(source);
        const { origin } = replicationNames(context, 'forward', databaseName(one.serviceUrl));
        await one.service.query(
          'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1',
          [origin],
        );
      }
      await shop[Symbol.asyncDispose]();
    },
  };
}

const rowsOf = async (client: pg.Client, text: string): Promise<string> =>
  String((await client.query<{ rows: string }>(text)).rows[0]?.rows);
const inMonolith = ({ monolith }: BothWrite): Promise<string> =>
  rowsOf(
    monolith,
    `SELECT json_agg(json_build_array(origin, id, said) ORDER BY origin, id) AS rows FROM audit_log`,
  );
const inService = ({ service }: BothWrite): Promise<string> =>
  rowsOf(
    service,
    `SELECT json_agg(json_build_array(source, id, text) ORDER BY source, id) AS rows FROM audit`,
  );

/** Being the same alone would hold before a row has moved. */
async function untilAlike(pair: BothWrite, rows: number): Promise<void> {
  await until(`both have ${rows} rows, the same`, async () => {
    const both = await Promise.all([inMonolith(pair), inService(pair)]);
    return both[0] === both[1] && (JSON.parse(both[0]) as unknown[]).length === rows;
  });
}

/** Rows compared and differing, of each table. */
async function verified({
  definition,
  monolith,
  service,
  monolithUrl,
  serviceUrl,
}: Shop): Promise<string[]> {
  const { tables } = await verify({
    mapping: await loadMapping(definition, monolith, service),
    monolithUrl,
    serviceUrl,
    direction: 'forward',
    appliedPosition: async () =>
      (await readStreamRow(service, definition.context, 'forward'))?.position ?? 0n,
  });
  return tables.map(({ table, rows, differing }) => `${table} ${rows}/${differing.length}`);
}

/** Both sides insert at once, the same ids on both, and shorten what they wrote; each is refused the other's rows. */
export async function expectBothWrite(pair: BothWrite): Promise<void> {
  const { there, back, monolith, service } = pair;
  const workers = [startWorker(there), startWorker(back)];
  try {
    await untilAlike(pair, 50);
    const insert = async (client: pg.Client, text: string): Promise<void> => {
      for (let made = 0; made < 60; made += 1) await client.query(text);
    };
    await Promise.all([
      insert(monolith, `INSERT INTO audit_log (said) VALUES ('of the monolith')`),
      insert(
        service,
        `BEGIN; INSERT INTO audit (text) VALUES ('of the service'); INSERT INTO audit (text) SELECT 'many' FROM generate_series(1, 2); COMMIT`,
      ),
    ]);
    await untilAlike(pair, 50 + 60 + 180);
    await monolith.query(`DELETE FROM audit_log WHERE origin = 'monolith' AND id <= 10`);
    await service.query(`UPDATE audit SET text = 'masked' WHERE source = 'service' AND id <= 5`);
    await untilAlike(pair, 280);
    const told = await inMonolith(pair);
    expect(told.match(/"masked"/g)).toHaveLength(5);
    expect(
      await Promise.all([
        outcomeOf(
          service,
          `INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES ('monolith', 9999, 'x')`,
        ),
        outcomeOf(
          monolith,
          `INSERT INTO audit_log OVERRIDING SYSTEM VALUE VALUES ('service', 9999, 'x')`,
        ),
      ]),
    ).toEqual(['SF001', 'SF001']);
    expect([
      await outcomeOf(service, `DELETE FROM audit WHERE source = 'monolith' AND id = 20`),
      await outcomeOf(service, `UPDATE audit SET source = 'monolith' WHERE id = 180`),
      await outcomeOf(monolith, `UPDATE audit_log SET said = 'x' WHERE origin = 'service'`),
      await outcomeOf(service, 'TRUNCATE audit'),
      await outcomeOf(monolith, 'TRUNCATE audit_log'),
    ]).toEqual(Array(5).fill('SF001'));
    // past the fence, in the name of the monolith: found by the context that carries its rows, and by no other
    await service.query(`ALTER TABLE audit DISABLE TRIGGER ALL;
      INSERT INTO audit OVERRIDING SYSTEM VALUE VALUES ('monolith', 9999, 'forged');
      ALTER TABLE audit ENABLE TRIGGER ALL`);
    expect([await verified(there), await verified(back)]).toEqual([
      ['audit_log 100/1'],
      ['audit 180/0'],
    ]);
    // as a restore would: only the source's own rows go on
    await monolith.query(
      `ALTER TABLE audit_log DISABLE TRIGGER ALL; TRUNCATE audit_log; ALTER TABLE audit_log ENABLE TRIGGER ALL`,
    );
    await until(
      'what the monolith had is gone in the service',
      async () => !(await inService(pair)).includes('"monolith"'),
    );
    expect((JSON.parse(await inService(pair)) as unknown[]).length).toBe(180);
    expect(
      workers.map(({ progress }) => progress.filter(({ phase }) => phase === 'failed')),
    ).toEqual([[], []]);
  } finally {
    for (const worker of workers) await worker.stop();
  }
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([null, null]);
}

/** A context beside it moves there and back, and waits for one of the directions; both sides go on writing. */
export async function expectBesideAMove(pair: BothWrite): Promise<void> {
  const { shop, there, back } = pair;
  const workers = [startWorker(there), startWorker(back), startWorker(shop)];
  try {
    await untilAlike(pair, 50);
    await caughtUp(shop, 'forward');
    const ofMonolith = await besideWrites(
      shop.monolithUrl,
      () => `INSERT INTO audit_log (said) VALUES ('beside')`,
      () =>
        besideWrites(
          shop.serviceUrl,
          () => `INSERT INTO audit (text) VALUES ('beside')`,
          async () => {
            await giveToService(shop, ['audit']);
            await giveBack(shop);
          },
        ),
    );
    const made = [ofMonolith.writes, ofMonolith.result.writes];
    expect(Math.min(...made)).toBeGreaterThan(20);
    await untilAlike(pair, 50 + made.reduce((sum, one) => sum + one));
  } finally {
    for (const worker of workers) await worker.stop();
  }
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([null, null, null]);
}
