import { until } from '@strangler-toolkit/dev-stack';
import { type Shop, startWorker } from './shop.ts';

/** Rows that fill pages: one range holds about a thousand of them. Every seventh has a value that lies outside of its row. */
export async function fillLarge({ monolith }: Shop, rows: number): Promise<void> {
  await monolith.query(
    `ALTER TABLE products ALTER COLUMN description SET STORAGE EXTERNAL;
     TRUNCATE products;
     INSERT INTO products SELECT n, repeat(md5(n::text), 56), 'on', 1000, NULL,
         CASE WHEN n % 7 = 0 THEN repeat(md5('d' || n), 80) END, 0 FROM generate_series(1, ${rows}) n;
     ANALYZE products`,
  );
}

/** `table from-page` of the ranges that are there. */
export const rangesThere = async ({ service }: Shop): Promise<string[]> =>
  (
    await service.query<{ range: string }>(
      `SELECT part || ' ' || from_page AS range FROM strangler.copied_ranges ORDER BY part, from_page`,
    )
  ).rows.map(({ range }) => range);

/** After what its first ranges cost it waits for days. */
const slow = { unit: 'rows', perSecond: 0.001 } as const;

/** Starts a worker that copies a few ranges and then waits; `meanwhile`, and then it is gone. */
export async function attempt(
  shop: Shop,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<readonly string[]> {
  const before = (await rangesThere(shop).catch(() => [])).length;
  await using worker = startWorker({ ...shop, maxRate: slow });
  await until('some ranges are there', async () => {
    if (worker.progress.at(-1)?.phase === 'failed')
      throw new Error(JSON.stringify(worker.progress.at(-1)));
    return (await rangesThere(shop).catch(() => [])).length >= before + 2;
  });
  await meanwhile();
  await worker.stop();
  return worker.notes;
}

interface Strays {
  /** Rows of a table of the service that the monolith has otherwise, or not. */
  readonly wrong: readonly string[];
  readonly missing: readonly string[];
}

/** Each table of the service against what the monolith says of it. */
export async function strays({ monolith, service }: Shop): Promise<Strays> {
  const sides: readonly [string, string][] = [
    [
      `SELECT json_build_array('goods', id::text, name, CASE status WHEN 'on' THEN 'active' ELSE 'hidden' END, tags, md5(description))::text AS row FROM products`,
      `SELECT json_build_array('goods', good_id::text, title, state, labels, md5(description))::text AS row FROM goods`,
    ],
    [
      `SELECT json_build_array('prices', id::text, price::text)::text AS row FROM products`,
      `SELECT json_build_array('prices', good_id::text, amount::text)::text AS row FROM good_prices`,
    ],
  ];
  const wrong: string[] = [];
  const missing: string[] = [];
  for (const [ofMonolith, ofService] of sides) {
    const there = new Set(
      (await monolith.query<{ row: string }>(ofMonolith)).rows.map(({ row }) => row),
    );
    const here = new Set(
      (await service.query<{ row: string }>(ofService)).rows.map(({ row }) => row),
    );
    wrong.push(...[...here].filter((row) => !there.has(row)));
    missing.push(...[...there].filter((row) => !here.has(row)));
  }
  const short = (rows: string[]): string[] => rows.map((row) => row.slice(0, 60)).sort();
  return { wrong: short(wrong), missing: short(missing) };
}

/** From then on a copy that comes to this row waits for whoever holds the lock 4711. */
export const holding = (id: number): string => `
  CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.good_id = ${id} THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF;
    RETURN NEW; END $$;
  CREATE TRIGGER hold BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION hold();
  ALTER TABLE goods ENABLE ALWAYS TRIGGER hold`;

/** A row for everybody who waits so. */
export const waitingForHolder = `
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Whether there is a stream: before the copy is done there is none. */
export const opened = async ({ service }: Shop): Promise<boolean> =>
  (await service.query(`SELECT FROM strangler.streams WHERE context = 'goods'`)).rowCount === 1;

/** Rows that were read of the table from its beginning or from one page to another, by anybody. */
export async function readOfTable({ monolith }: Shop): Promise<number> {
  await monolith.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await monolith.query<{ read: string }>(
    `SELECT seq_tup_read::text AS read FROM pg_stat_user_tables WHERE relname = 'products'`,
  );
  return Number(rows[0]?.read);
}
