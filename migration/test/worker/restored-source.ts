import { connect } from '../../src/database/connect.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { caughtUp, type Running, type Shop } from './shop.ts';

/** The connection to the monolith that the test itself lost with the server. */
export const reconnected = async (shop: Shop): Promise<Shop> => ({
  ...shop,
  monolith: await connect(shop.monolithUrl, { applicationName: 'test' }),
});

export const insert = (from: number, to: number): string =>
  `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${to}) n`;

/** The log of a restored monolith comes past the stored position: by positions alone nothing is amiss any more. */
export async function pastPosition(shop: Shop): Promise<void> {
  const row = await readStreamRow(shop.service, 'goods', 'forward');
  for (;;) {
    const { rows } = await shop.monolith.query<{ past: string }>(
      `SELECT (pg_current_wal_insert_lsn() > '0/0'::pg_lsn + $1::numeric)::text AS past`,
      [String(row?.position ?? 0n)],
    );
    if (rows[0]?.past === 'true') return;
    await shop.monolith.query('SELECT pg_switch_wal()');
    await shop.monolith.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 100000))`);
  }
}

/** Rows and position: what must not move when the worker refuses. */
export const targetState = async (shop: Shop): Promise<unknown> => ({
  rows: (await shop.service.query('SELECT count(*) AS n, sum(good_id) AS ids FROM goods')).rows,
  position: (await readStreamRow(shop.service, 'goods', 'forward'))?.position,
});

/** The code that a worker ends with, or that it went on as if nothing had happened. */
export async function endOf(worker: Running, shop: Shop): Promise<string | null> {
  const first = await Promise.race([
    worker.ended,
    caughtUp(shop, 'forward').then(() => 'caught up'),
  ]);
  await worker.stop();
  return first;
}
