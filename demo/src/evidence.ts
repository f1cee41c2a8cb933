import pg from 'pg';

/** Reads what facades, workers and commands recorded in the control database. */
export class Evidence {
  readonly #url: string;

  constructor(controlUrl: string) {
    this.#url = controlUrl;
  }

  async #rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.#url });
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async context(name: string): Promise<
    | {
        stage: string;
        owner: string;
        epoch: string;
        copied: boolean;
        watermark: string | null;
        lagMs: number | null;
      }
    | undefined
  > {
    const [row] = await this.#rows<{
      stage: string;
      owner: string;
      epoch: string;
      copied: boolean;
      watermark: string | null;
      lagMs: number | null;
    }>(
      `SELECT c.stage, c.owner, c.epoch::text,
         coalesce(w.state <> 'copying' AND w.applied_at IS NOT NULL, false) AS copied,
         w.state AS watermark, (extract(epoch FROM clock_timestamp() - w.applied_at) * 1000)::int AS "lagMs"
       FROM strangler_control.contexts c
       LEFT JOIN strangler_control.watermarks w ON w.context = c.context
         AND w.direction = CASE c.owner WHEN 'monolith' THEN 'forward' ELSE 'reverse' END AND w.epoch = c.epoch
       WHERE c.context = $1`,
      [name],
    );
    return row;
  }

  async shadow(context: string): Promise<Record<string, number>> {
    const rows = await this.#rows<{ outcome: string; count: string }>(
      'SELECT outcome, sum(count)::text AS count FROM strangler_control.shadow_counts WHERE context = $1 GROUP BY outcome ORDER BY outcome',
      [context],
    );
    return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, Number(count)]));
  }

  /** Compared answers of the read route that has fewest. */
  async compared(context: string): Promise<Map<string, number>> {
    const rows = await this.#rows<{ route: string; count: string }>(
      `SELECT route, sum(count)::text AS count FROM strangler_control.shadow_counts WHERE context = $1
        AND outcome IN ('match', 'mismatch') GROUP BY route`,
      [context],
    );
    return new Map(rows.map(({ route, count }) => [route, Number(count)]));
  }

  async moves(context: string): Promise<{ move: string; ms: number | null; abandoned: boolean }[]> {
    return await this.#rows(
      `SELECT b.detail->>'move' AS move, (e.detail->>'writePauseMs')::float8 AS ms, e.status <> 'done' AS abandoned
       FROM strangler_control.journal b JOIN strangler_control.journal e ON e.move_id = b.move_id
         AND e.context = b.context AND e.step = 'move' AND e.status IN ('done', 'aborted')
       WHERE b.context = $1 AND b.step = 'move' AND b.status = 'started' ORDER BY b.id`,
      [context],
    );
  }

  async latest(
    context: string,
    kind: string,
  ): Promise<{ ok: boolean; detail: Record<string, unknown> } | undefined> {
    const [row] = await this.#rows<{ ok: boolean; detail: Record<string, unknown> }>(
      'SELECT ok, detail FROM strangler_control.evidence WHERE context = $1 AND kind = $2 ORDER BY id DESC LIMIT 1',
      [context, kind],
    );
    return row;
  }

  /** Whether a command holds the context, or one that died held it until a moment ago. */
  async leased(context: string): Promise<boolean> {
    return (
      (
        await this.#rows(
          'SELECT 1 FROM strangler_control.leases WHERE context = $1 AND expires_at > clock_timestamp()',
          [context],
        )
      ).length > 0
    );
  }

  async samples(context: string): Promise<Record<string, unknown>[]> {
    return await this.#rows(
      `SELECT route, outcome, detail FROM strangler_control.shadow_samples WHERE context = $1
        AND outcome <> 'match' ORDER BY id DESC LIMIT 5`,
      [context],
    );
  }
}
