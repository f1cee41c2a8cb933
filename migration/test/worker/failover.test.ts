import { expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import { connect, withConnection } from '../../src/database/connect.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { replicationNames } from '../../src/stream/index.ts';
import { startStandby } from '../support/server-copy.ts';
import { bothSides, caughtUp, openShop, startWorker } from './shop.ts';

const insert = (from: number, to: number): string =>
  `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${to}) n`;

test('a planned failover to a standby that has the slot goes on without a copy', async () => {
  const primary = await startPostgres({ settings: ['synchronized_standby_slots=standby'] });
  let standby: PostgresServer | undefined;
  try {
    await withConnection(primary.url('postgres'), { applicationName: 'test' }, (client) =>
      client.query(`SELECT pg_create_physical_replication_slot('standby', true)`),
    );
    standby = await startStandby(primary);
    const there = standby;
    await using shop = await openShop({ monolith: primary });
    const first = startWorker(shop);
    await caughtUp(shop, 'forward');
    const name = new URL(shop.monolithUrl).pathname.slice(1);
    const { slot } = replicationNames('goods', 'forward', name);
    await until('the standby has the slot', () =>
      withConnection(there.url('postgres'), { applicationName: 'test' }, async (client) => {
        const { rows } = await client.query(
          `SELECT FROM pg_replication_slots WHERE slot_name = $1 AND synced AND NOT temporary`,
          [slot],
        );
        return rows.length > 0;
      }),
    );
    await shop.monolith.query(insert(1001, 1200));
    await caughtUp(shop, 'forward');
    await first.stop();
    await primary.stop({ keep: true });

    const monolithUrl = there.url(name);
    const monolith = await connect(monolithUrl, { applicationName: 'test' });
    await monolith.query('SELECT pg_promote()');
    await monolith.query(insert(2001, 2100));
    const after = { ...shop, monolithUrl, monolith };
    const second = startWorker(after);
    await caughtUp(after, 'forward');
    await second.stop();
    const sides = await bothSides(after);
    expect(sides.service).toBe(sides.monolith);
    const row = await readStreamRow(shop.service, 'goods', 'forward');
    expect(row?.history?.timeline).toBe(2);
    expect((await shop.service.query('SELECT count(*)::text AS n FROM goods')).rows).toEqual([
      { n: '800' },
    ]);
    expect(
      (await monolith.query(`SELECT failover::text AS failover FROM pg_replication_slots`)).rows,
    ).toContainEqual({ failover: 'true' });
    await monolith.end();
  } finally {
    await standby?.stop();
    await primary.stop();
  }
});
