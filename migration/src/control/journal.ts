import type { Database } from './control-database.ts';
import { jsonText } from '../json-text.ts';
import { type Querying, sql } from './sql.ts';

export type JournalStatus =
  'started' | 'done' | 'failed' | 'refused' | 'forced' | 'aborted' | 'noted';

export interface JournalEntry {
  readonly context: string;
  /** Who did it: `user@host` or `worker`. */
  readonly actor: string;
  /** Joins the steps of one move. */
  readonly moveId?: string | null;
  readonly step: string;
  readonly status: JournalStatus;
  readonly epoch?: number;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface JournalRow extends Required<Omit<JournalEntry, 'epoch' | 'moveId'>> {
  readonly id: number;
  readonly at: string;
  readonly epoch: number | null;
  readonly moveId: string | null;
}

const json = (detail: unknown): string => jsonText(detail ?? {});

export async function appendJournal(db: Querying, entry: JournalEntry): Promise<void> {
  await sql`INSERT INTO strangler_control.journal (context, actor, move_id, step, status, epoch, detail)
    VALUES (${entry.context}, ${entry.actor}, ${entry.moveId ?? null}, ${entry.step}, ${entry.status},
      COALESCE(${entry.epoch ?? null}::bigint, (SELECT epoch FROM strangler_control.contexts
        WHERE context = ${entry.context})), ${json(entry.detail)}::jsonb)`.execute(db);
}

export class JournalStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  append(entry: JournalEntry): Promise<void> {
    return appendJournal(this.#db, entry);
  }

  /** In order; with `limit` the newest ones. */
  async list(
    filter: {
      context?: string;
      moveId?: string;
      step?: string;
      afterId?: number;
      limit?: number;
    } = {},
  ): Promise<JournalRow[]> {
    const { rows } = await sql<
      Omit<JournalRow, 'id' | 'epoch'> & { id: string; epoch: string | null }
    >`
      SELECT id::text AS id, context, at, actor, move_id AS "moveId", step, status, epoch::text AS epoch, detail
        FROM strangler_control.journal
      WHERE (${filter.context ?? null}::text IS NULL OR context = ${filter.context ?? null})
        AND (${filter.moveId ?? null}::uuid IS NULL OR move_id = ${filter.moveId ?? null}::uuid)
        AND (${filter.step ?? null}::text IS NULL OR step = ${filter.step ?? null})
        AND strangler_control.journal.id > ${filter.afterId ?? 0}
      ORDER BY strangler_control.journal.id DESC LIMIT ${filter.limit ?? 100_000}`.execute(
      this.#db,
    );
    return rows
      .map((row) => ({
        ...row,
        id: Number(row.id),
        epoch: row.epoch === null ? null : Number(row.epoch),
      }))
      .reverse();
  }
}
