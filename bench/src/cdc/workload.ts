import type pg from 'pg';
import type { Schema, Site } from './site.ts';

export type Kind = 'inserts' | 'updates' | 'mixed';
export const kinds: readonly Kind[] = ['inserts', 'updates', 'mixed'];

export interface Workload {
  readonly kind: Kind;
  readonly changes: number;
  /** Counts how many of some changes, spread evenly over all, the schema shows; cheap enough to ask often. */
  readonly probe: { readonly size: number; readonly sql: (schema: Schema) => string };
}

const item = (id: string, version = '0'): string =>
  `${id}, 'item ' || ${id}, (${id} % 100000) / 100.0, CASE ${id} % 3 WHEN 0 THEN 'sold' ELSE ` +
  `'open' END, ${version}, clock_timestamp(), repeat(md5((${id})::text), 3)`;
const line = (id: string, of: string): string =>
  `${id}, ${of}, (${id} % 50)::int, (${id} % 10000) / 100.0, clock_timestamp(), md5((${id})::text)`;

/** Fills the monolith's tables with `rows` rows each. */
export async function fill(monolith: pg.Client, rows: number): Promise<void> {
  await monolith.query('TRUNCATE items, lines, pulses');
  await monolith.query(
    `INSERT INTO items SELECT ${item('g')} FROM generate_series(1, ${rows}::bigint) g`,
  );
  await monolith.query(
    `INSERT INTO lines SELECT ${line('g', 'g')} FROM generate_series(1, ${rows}::bigint) g`,
  );
  await monolith.query(
    `INSERT INTO pulses SELECT g, 0, md5(g::text) FROM generate_series(1, 1000) g`,
  );
  await settle(monolith);
}

/** Leaves no cleaning or flushing for the middle of a measurement. */
export async function settle(client: pg.Client): Promise<void> {
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}

const spread = (count: number, from: number, wanted = 200): string => {
  const step = Math.max(1, Math.floor(count / wanted));
  // the very last one too: in commit order it speaks for all
  return [
    ...Array.from({ length: Math.floor(count / step) }, (_, index) => from + index * step),
    from + count - 1,
  ].join(',');
};

/** Runs SQL for n = 1 … times, each in a transaction of its own. */
export async function inLoop(client: pg.Client, body: string, times: number): Promise<void> {
  // Commits need not wait for the disk: nobody measures how fast changes are made.
  await client.query('SET synchronous_commit = off');
  await client.query(`DO $$ BEGIN FOR n IN 1..${times} LOOP ${body}; COMMIT; END LOOP; END $$`);
  await client.query('SET synchronous_commit = on');
}

/** Commits changes on the monolith: inserts by 1,000, updates of one row each, or transactions of ten mixed changes over two tables. */
export async function makeChanges(site: Site, kind: Kind, rows: number): Promise<Workload> {
  const {
    rows: [state],
  } = await site.monolith.query<{ item: string; line: string; version: string }>(
    'SELECT (SELECT max(id) FROM items) AS item, (SELECT max(id) FROM lines) AS line, (SELECT max(version) + 1 FROM items) AS version',
  );
  const [lastItem, lastLine, version] = [
    Number(state?.item),
    Number(state?.line),
    Number(state?.version),
  ];
  switch (kind) {
    case 'inserts': {
      const batches = Math.max(1, Math.round(rows / 1000));
      await inLoop(
        site.monolith,
        `INSERT INTO items SELECT ${item('g')} FROM generate_series(${lastItem} + (n - 1) * 1000 + 1, ${lastItem} + n * 1000) g`,
        batches,
      );
      const ids = spread(batches * 1000, lastItem + 1);
      return {
        kind,
        changes: batches * 1000,
        probe: {
          size: ids.split(',').length,
          sql: (schema) => `SELECT count(*)::int AS seen FROM ${schema}.items WHERE id IN (${ids})`,
        },
      };
    }
    case 'updates': {
      const count = Math.min(rows, lastItem);
      await inLoop(
        site.monolith,
        `UPDATE items SET version = ${version}, price = price + 1, changed_at = clock_timestamp() WHERE id = n`,
        count,
      );
      const ids = spread(count, 1);
      return {
        kind,
        changes: count,
        probe: {
          size: ids.split(',').length,
          sql: (schema) =>
            `SELECT count(*)::int AS seen FROM ${schema}.items WHERE id IN (${ids}) AND version = ${version}`,
        },
      };
    }
    case 'mixed': {
      const transactions = Math.max(1, Math.min(Math.floor(rows / 10), Math.floor(lastItem / 4)));
      await inLoop(
        site.monolith,
        `
        INSERT INTO lines SELECT ${line('g', 'g % 1000')} FROM generate_series(${lastLine} + (n - 1) * 4 + 1, ${lastLine} + n * 4) g;
        UPDATE items SET version = ${version}, changed_at = clock_timestamp() WHERE id BETWEEN (n - 1) * 4 + 1 AND n * 4;
        UPDATE lines SET quantity = quantity + 1 WHERE id = ${lastLine} + (n - 1) * 4 + 1;
        DELETE FROM lines WHERE id = ${lastLine} + (n - 1) * 4 + 2`,
        transactions,
      );
      const ids = spread(transactions * 4, 1);
      return {
        kind,
        changes: transactions * 10,
        probe: {
          size: ids.split(',').length,
          sql: (schema) =>
            `SELECT count(*)::int AS seen FROM ${schema}.items WHERE id IN (${ids}) AND version = ${version}`,
        },
      };
    }
    default:
      return kind satisfies never;
  }
}

const digest = (schema: Schema, table: string): string =>
  `SELECT count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS digest FROM ${schema}.${table} t`;

/** Whether the copy in that schema holds exactly the monolith's rows. */
export async function isEqual(site: Site, schema: Schema): Promise<boolean> {
  for (const table of ['items', 'lines', 'pulses']) {
    const [left, right] = await Promise.all([
      site.monolith.query(digest('public', table)),
      site.service.query(digest(schema, table)),
    ]);
    if (left.rows[0]?.digest !== right.rows[0]?.digest) return false;
  }
  return true;
}
