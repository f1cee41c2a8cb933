import type { ShadowOutcome } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

export interface RouteShadow {
  readonly route: string;
  readonly counts: Readonly<Record<ShadowOutcome, number>>;
  /** Answers of both sides that were compared: match + mismatch + candidate-error + candidate-timeout. */
  readonly compared: number;
  /** mismatch + candidate-error + candidate-timeout: what a client would have noticed; `counts` tells them apart. */
  readonly real: number;
}

export interface ShadowSample {
  readonly id: number;
  readonly route: string;
  readonly outcome: string;
  readonly at: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export class ShadowStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  /** Counts per route, of one epoch or of all. */
  async counts(context: string, epoch?: number): Promise<RouteShadow[]> {
    const { rows } = await sql<{ route: string; outcome: ShadowOutcome; count: string }>`
      SELECT route, outcome, sum(count)::text AS count FROM strangler_control.shadow_counts
      WHERE context = ${context} AND (${epoch ?? null}::bigint IS NULL OR epoch = ${epoch ?? null}::bigint)
        GROUP BY route, outcome ORDER BY route`.execute(this.#db);
    const routes = new Map<string, Record<ShadowOutcome, number>>();
    for (const { route, outcome, count } of rows) {
      const counts = routes.get(route) ?? {
        match: 0,
        mismatch: 0,
        stale: 0,
        'candidate-error': 0,
        'candidate-timeout': 0,
        uncomparable: 0,
        dropped: 0,
      };
      counts[outcome] = Number(count);
      routes.set(route, counts);
    }
    return [...routes].map(([route, counts]) => {
      const real = counts.mismatch + counts['candidate-error'] + counts['candidate-timeout'];
      return { route, counts, compared: counts.match + real, real };
    });
  }

  async samples(
    context: string,
    filter: { route?: string; limit?: number } = {},
  ): Promise<ShadowSample[]> {
    const { rows } = await sql<Omit<ShadowSample, 'id'> & { id: string }>`
      SELECT id::text AS id, route, outcome, at, detail FROM strangler_control.shadow_samples
      WHERE context = ${context} AND (${filter.route ?? null}::text IS NULL OR route = ${filter.route ?? null})
      ORDER BY strangler_control.shadow_samples.id DESC LIMIT ${filter.limit ?? 20}`.execute(
      this.#db,
    );
    return rows.map((row) => ({ ...row, id: Number(row.id) }));
  }

  /** Starts counting anew, for evidence of a mended service. */
  async reset(context: string): Promise<void> {
    await sql`DELETE FROM strangler_control.shadow_counts WHERE context = ${context}`.execute(
      this.#db,
    );
    await sql`DELETE FROM strangler_control.shadow_samples WHERE context = ${context}`.execute(
      this.#db,
    );
  }
}
