import type pg from 'pg';
import { withConnection } from '../../database/connect.ts';
import { type Lsn, lsnFromText } from '../../database/lsn.ts';
import { beginLine } from '../../replica/marks.ts';
import type { StreamHistory } from '../../replica/streams.ts';
import type { StreamSource } from '../transport.ts';

export type ServerIdentity = Pick<StreamHistory, 'system' | 'timeline'>;

/** A timeline that another one came from, and where it was left. */
export interface Branch {
  readonly timeline: number;
  readonly left: Lsn;
}

/** The timeline is that of the log that is written now: the control file learns it with the next checkpoint only. */
export async function readIdentity(client: pg.Client): Promise<ServerIdentity> {
  const { rows } = await client.query<{ system: string; file: string }>(
    `SELECT (SELECT system_identifier FROM pg_control_system())::text AS system,
            pg_walfile_name(pg_current_wal_insert_lsn()) AS file`,
  );
  return {
    system: rows[0]?.system ?? '',
    timeline: parseInt(rows[0]?.file.slice(0, 8) ?? '0', 16),
  };
}

/** What a position that is stored now would belong to. `keep`: the line of the one that is stored already. */
export async function beginHistory(
  source: StreamSource,
  keep: string | undefined,
): Promise<StreamHistory> {
  const { line, number } = await beginLine(source.client, source, keep);
  return { ...(await readIdentity(source.client)), mark: { line, number } };
}

/** Lines of a timeline history file: `1\t0/3000060\tno recovery target specified`. */
export const parseTimelineHistory = (text: string): readonly Branch[] =>
  text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line))
    .flatMap((match) =>
      match === null ? [] : [{ timeline: Number(match[1]), left: lsnFromText(match[2] ?? '') }],
    );

/** Where the timelines before this one were left. Only a walsender knows. */
export const readAncestors = (url: string, timeline: number): Promise<readonly Branch[]> =>
  timeline <= 1
    ? Promise.resolve([])
    : withConnection(
        url,
        { applicationName: 'strangler-timeline', replication: true },
        async (client) => {
          const { rows } = await client.query<{ content: string }>(`TIMELINE_HISTORY ${timeline}`);
          return parseTimelineHistory(rows[0]?.content ?? '');
        },
      );
