import { LATENCY_BOUNDS, quantile, type Side, type SideWindow } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

export class RouteStatsStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** The control database's clock, to mark where a window begins. */
  async now(): Promise<string> {
    const { rows } = await sql<{ now: string }>`SELECT clock_timestamp() AS now`.execute(this.#db);
    return rows[0]?.now ?? '';
  }

  /** Traffic per side since `since` (control clock text) or over the last `seconds`; `routes` limits it. */
  async window(
    context: string,
    range: { since?: string; seconds?: number; routes?: readonly string[] },
  ): Promise<Record<Side, SideWindow>> {
    const { rows } = await sql<{
      side: Side;
      requests: string;
      errors: string;
      refused: string | null;
      bucket: number;
      count: string;
    }>`
      WITH rows AS (
        SELECT side, requests, errors, refused, latency_buckets FROM strangler_control.route_stats
        WHERE context = ${context} AND (${range.routes ?? null}::text[] IS NULL OR route = ANY (${range.routes ?? null}::text[]))
          AND second >= COALESCE(${range.since ?? null}::timestamptz, clock_timestamp() - ${range.seconds ?? 60} * interval '1 second')
      ), totals AS (SELECT side, sum(requests)::text AS requests, sum(errors)::text AS errors,
               CASE WHEN bool_and(refused IS NOT NULL) THEN sum(refused)::text END AS refused FROM rows GROUP BY side)
      SELECT t.side, t.requests, t.errors, t.refused, b.bucket::int AS bucket, b.count FROM totals t LEFT JOIN LATERAL (
        SELECT u.ord AS bucket, sum(u.value)::text AS count FROM rows r,
          unnest(r.latency_buckets) WITH ORDINALITY AS u(value, ord) WHERE r.side = t.side GROUP BY u.ord
      ) b ON true ORDER BY t.side, b.bucket`.execute(this.#db);
    const sideWindow = (side: Side): SideWindow => {
      const own = rows.filter((row) => row.side === side);
      const buckets = LATENCY_BOUNDS.map((_, index) =>
        Number(own.find((row) => row.bucket === index + 1)?.count ?? 0),
      );
      return {
        requests: Number(own[0]?.requests ?? 0),
        errors: Number(own[0]?.errors ?? 0),
        refused: own[0] === undefined ? 0 : own[0].refused === null ? null : Number(own[0].refused),
        p99Ms: quantile(buckets, 0.99),
      };
    };
    return { monolith: sideWindow('monolith'), service: sideWindow('service') };
  }

  /** Requests per route and side over the last `seconds`. */
  async perRoute(
    context: string,
    seconds: number,
  ): Promise<{ route: string; side: Side; requests: number; errors: number }[]> {
    const { rows } = await sql<{ route: string; side: Side; requests: string; errors: string }>`
      SELECT route, side, sum(requests)::text AS requests, sum(errors)::text AS errors FROM strangler_control.route_stats
      WHERE context = ${context} AND second >= clock_timestamp() - ${seconds} * interval '1 second'
        GROUP BY route, side ORDER BY route, side`.execute(this.#db);
    return rows.map((row) => ({
      ...row,
      requests: Number(row.requests),
      errors: Number(row.errors),
    }));
  }
}
