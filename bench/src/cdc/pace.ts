import type pg from 'pg';
import type { Schema, Site } from './site.ts';
import { until } from './until.ts';
import { isEqual, type Workload } from './workload.ts';

/**
 * Changes per second from the first change that a reader of the target sees to the last. Starting (a Node process, a
 * subscription, a connector's tasks) is not part of it, for none of them.
 */
export async function measurePace({
  site,
  look,
  schema,
  workload: { changes, probe },
  assertAlive = () => {},
}: {
  readonly site: Site;
  readonly look: pg.Client;
  readonly schema: Schema;
  readonly workload: Workload;
  readonly assertAlive?: () => void | Promise<void>;
}): Promise<number> {
  const sql = probe.sql(schema);
  const seen = async (): Promise<number> => {
    const { rows } = await look.query<{ seen: number }>(sql);
    return rows[0]?.seen ?? 0;
  };
  let first: { readonly at: number; readonly share: number } | undefined;
  await until(
    `${schema} applies`,
    site.signal,
    async () => {
      await assertAlive();
      const count = await seen();
      if (count > 0) first ??= { at: performance.now(), share: count / probe.size };
      return count >= probe.size;
      // asked more often, the question itself takes a tenth of such a machine from what it measures
    },
    { everyMs: 40 },
  );
  let ended = performance.now();
  // Tasks that write at the same time may leave others behind the last of the probed.
  await until(
    `${schema} equals the monolith`,
    site.signal,
    async () => {
      const asked = performance.now();
      if (await isEqual(site, schema)) return true;
      ended = asked;
      return false;
    },
    { everyMs: 0, limitSeconds: 120 },
  );
  if (first === undefined || first.share >= 0.9)
    throw new Error(
      `${changes} changes are too few to measure: nearly all were visible at once (raise --rows)`,
    );
  return ((1 - first.share) * changes) / ((ended - first.at) / 1000);
}
