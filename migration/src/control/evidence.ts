import type { Database } from './control-database.ts';
import { jsonText } from '../json-text.ts';
import { sql } from './sql.ts';

export type EvidenceKind =
  'copy' | 'verification' | 'pacts' | 'shadow' | 'probe' | 'ramp' | 'doctor';

export interface Evidence {
  readonly id: number;
  readonly context: string;
  readonly kind: EvidenceKind;
  readonly at: string;
  /** By the control database's clock. */
  readonly ageSeconds: number;
  readonly epoch: number;
  readonly ok: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
}

export class EvidenceStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async record(entry: {
    context: string;
    kind: EvidenceKind;
    epoch: number;
    ok: boolean;
    detail?: Readonly<Record<string, unknown>>;
  }): Promise<void> {
    const detail = jsonText(entry.detail ?? {});
    await sql`INSERT INTO strangler_control.evidence (context, kind, epoch, ok, detail)
      VALUES (${entry.context}, ${entry.kind}, ${entry.epoch}, ${entry.ok}, ${detail}::jsonb)`.execute(
      this.#db,
    );
  }

  /** The newest evidence of a kind, of any epoch unless one is named. */
  async latest(context: string, kind: EvidenceKind, epoch?: number): Promise<Evidence | undefined> {
    const { rows } = await sql<Omit<Evidence, 'id' | 'epoch'> & { id: string; epoch: string }>`
      SELECT id::text AS id, context, kind, at, extract(epoch
        FROM clock_timestamp() - at)::float8 AS "ageSeconds", epoch::text AS epoch, ok, detail
      FROM strangler_control.evidence WHERE context = ${context} AND kind = ${kind}
        AND (${epoch ?? null}::bigint IS NULL OR epoch = ${epoch ?? null}::bigint)
      ORDER BY strangler_control.evidence.id DESC LIMIT 1`.execute(this.#db);
    return rows[0] && { ...rows[0], id: Number(rows[0].id), epoch: Number(rows[0].epoch) };
  }

  /** What it was about is thrown away. */
  async forget(context: string, kind: EvidenceKind): Promise<void> {
    await sql`DELETE FROM strangler_control.evidence WHERE context = ${context} AND kind = ${kind}`.execute(
      this.#db,
    );
  }
}
