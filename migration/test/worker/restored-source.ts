import type pg from 'pg';
import { connect } from '../../src/database/connect.ts';
import { readStreamRow } from '../../src/replica/streams.ts';
import { until } from '@strangler-toolkit/dev-stack';
import type { Direction } from '@strangler-toolkit/plan';
import type { Running, Shop } from './shop.ts';

/** The connection to the monolith that the test itself lost with the server, or to the other side. */
export const reconnected = async (
  shop: Shop,
  side: 'monolith' | 'service' = 'monolith',
): Promise<Shop> => ({
  ...shop,
  [side]: await connect(shop[`${side}Url`], { applicationName: 'test' }),
});

/** The two databases of a direction. */
export const endsOf = (shop: Shop, direction: Direction): { from: pg.Client; to: pg.Client } =>
  direction === 'forward'
    ? { from: shop.monolith, to: shop.service }
    : { from: shop.service, to: shop.monolith };

export const insert = (from: number, to: number): string =>
  `INSERT INTO products SELECT n, 'new', 'on', 1, NULL, NULL, 0 FROM generate_series(${from}, ${to}) n`;

/** The log of a restored source comes past the stored position: by positions alone nothing is amiss any more. */
export async function pastPosition(shop: Shop, direction: Direction = 'forward'): Promise<void> {
  const { from, to } = endsOf(shop, direction);
  const row = await readStreamRow(to, 'goods', direction);
  for (;;) {
    const { rows } = await from.query<{ past: string }>(
      `SELECT (pg_current_wal_insert_lsn() > '0/0'::pg_lsn + $1::numeric)::text AS past`,
      [String(row?.position ?? 0n)],
    );
    if (rows[0]?.past === 'true') return;
    await from.query('SELECT pg_switch_wal()');
    await from.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 100000))`);
  }
}

/** Rows and position: what must not move when the worker refuses. */
export const targetState = async (
  shop: Shop,
  direction: Direction = 'forward',
): Promise<unknown> => {
  const { to } = endsOf(shop, direction);
  const rows =
    direction === 'forward'
      ? 'SELECT count(*) AS n, sum(good_id) AS ids FROM goods'
      : 'SELECT count(*) AS n, sum(id) AS ids, min(name) AS first, max(name) AS last FROM products';
  return {
    rows: (await to.query(rows)).rows,
    position: (await readStreamRow(to, 'goods', direction))?.position,
  };
};

/** The code that a worker ends with, or that it went on as if nothing had happened. */
export async function endOf(
  worker: Running,
  shop: Shop,
  direction: Direction = 'forward',
): Promise<string | null> {
  let over = false;
  void worker.ended.then(() => (over = true));
  const now = await shop.control.now();
  await until(
    `the worker ends, or its watermark passes ${now}`,
    async () =>
      over || ((await shop.control.watermarks.get('goods', direction))?.appliedAt ?? '') > now,
  );
  const first = over ? await worker.ended : 'caught up';
  await worker.stop();
  return first;
}
