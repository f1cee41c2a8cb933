import type pg from 'pg';
import { hasTable } from './schema.ts';

export interface StrayWriter {
  readonly table: string;
  readonly operation: string;
  readonly application: string;
  readonly user: string;
  readonly query: string;
  readonly writes: string;
  /** `null`: the fence was set by a release that did not note it. */
  readonly epoch: number | null;
  readonly firstAt: string;
  readonly lastAt: string;
}

/** Who wrote while the fence stood in audit mode, by epoch, most writes first. */
export async function strayWriters(client: pg.Client, context: string): Promise<StrayWriter[]> {
  if (!(await hasTable(client, 'stray_writes'))) return [];
  // A look changes nothing, so the column of this release may not be there yet.
  const { rows } = await client.query<Omit<StrayWriter, 'epoch'> & { epoch: string | null }>(
    `SELECT table_name AS "table", operation, application_name AS application, db_user AS "user", query,
       to_jsonb(log) ->> 'epoch' AS epoch,
       sum(writes)::text AS writes, min(first_at)::text AS "firstAt", max(last_at)::text AS "lastAt"
     FROM strangler.stray_writes log WHERE context = $1
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY sum(writes) DESC, 1, 5, 6 LIMIT 1000`,
    [context],
  );
  return rows.map((row) => ({ ...row, epoch: row.epoch === null ? null : Number(row.epoch) }));
}

/** One write while the fence stood in audit mode. */
export interface StrayMoment {
  /** The same for all writes of one statement, application and role. */
  readonly writer: string;
  readonly table: string;
  readonly application: string;
  /** On this database's clock, milliseconds. */
  readonly at: number;
  /** The last half of the trace id that the writer named. */
  readonly trace: string | null;
  /** As a comment of the statement named it: `/orders/:id`, written as in an address. */
  readonly route: string | null;
}

const mostMoments = 20_000;

/** How often the context's tables were written in the epoch while the fence stood, and the newest times of each writer. */
export async function strayMoments(
  client: pg.Client,
  context: string,
  epoch: number,
): Promise<{ writes: number; moments: StrayMoment[] }> {
  if (!(await hasTable(client, 'stray_moments'))) return { writes: 0, moments: [] };
  const { rows: sums } = await client.query<{ writes: string }>(
    `SELECT coalesce(sum(writes), 0)::text AS writes FROM strangler.stray_writes WHERE context = $1 AND epoch = $2`,
    [context, epoch],
  );
  const { rows } = await client.query<Omit<StrayMoment, 'at'> & { at: string }>(
    // a writer has several rows in the log where its transactions overlap, and one for each that is serializable
    `SELECT md5(concat_ws(chr(31), table_name, operation, application_name, db_user, query)) AS writer,
            table_name AS "table", application_name AS application,
            (extract(epoch FROM at) * 1000)::text AS at, trace, route
       FROM strangler.stray_moments moment JOIN strangler.stray_writes log ON log.id = moment.writer
      WHERE context = $1 AND epoch = $2 ORDER BY moment.at DESC LIMIT ${mostMoments}`,
    [context, epoch],
  );
  return {
    writes: Number(sums[0]?.writes ?? 0),
    moments: rows.map((row) => ({ ...row, at: Number(row.at) })),
  };
}
