import { type Side, type Stage, type StoredKind, StranglerError } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { appendJournal, type JournalEntry } from './journal.ts';
import { type Querying, sql } from './sql.ts';

export interface ContextRow {
  readonly context: string;
  readonly dataKind: StoredKind;
  readonly stage: Stage;
  readonly owner: Side;
  readonly epoch: number;
  readonly holdId: string | null;
  readonly holdUntil: string | null;
  /** Whether hold_until lies in the future by the control database's clock. */
  readonly held: boolean;
  readonly startLsn: string | null;
  readonly ownedSince: string;
  readonly ownedForSeconds: number;
  readonly updatedAt: string;
}

const columns =
  sql.raw(`context, data_kind AS "dataKind", stage, owner, epoch::text AS epoch, hold_id AS "holdId", hold_until AS "holdUntil",
  (hold_id IS NOT NULL AND hold_until > clock_timestamp()) AS held, start_lsn::text AS "startLsn", owned_since AS "ownedSince",
  extract(epoch FROM clock_timestamp() - owned_since)::float8 AS "ownedForSeconds", updated_at AS "updatedAt"`);
type Raw = Omit<ContextRow, 'epoch'> & { epoch: string };
const toRow = (raw: Raw): ContextRow => ({ ...raw, epoch: Number(raw.epoch) });

export interface FlipOptions {
  readonly context: string;
  readonly expectedEpoch: number;
  readonly owner: Side;
  readonly stage: Stage;
  /** Where the stream of the new direction begins (text form). */
  readonly startLsn: string;
  /** Written in the same transaction. */
  readonly journal?: readonly Omit<JournalEntry, 'context'>[];
  /** With it the flip also proves that the lease is still held. */
  readonly leaseToken?: string;
  /** Also ends the hold; without it the hold stays until `liftHold`, so that the new owner can be unfenced first. */
  readonly liftHold?: boolean;
}

export interface StageChange {
  readonly context: string;
  readonly expectedStage: Stage;
  readonly expectedEpoch?: number;
  readonly stage: Stage;
  /** Only for contexts whose writes follow flags (data `none` and `shared`); replicated ones change owner by `flip`. */
  readonly owner?: Side;
  readonly journal?: readonly Omit<JournalEntry, 'context'>[];
  readonly leaseToken?: string;
}

export interface RestoreChange {
  readonly context: string;
  readonly owner: Side;
  readonly epoch: number;
  readonly stage: Stage;
  /** `null`: the one that is there stays. */
  readonly startLsn: string | null;
  /** No move may get a number up to this one. */
  readonly numbersFrom: string;
  /** Written in the same transaction. */
  readonly journal: readonly Omit<JournalEntry, 'context'>[];
  readonly leaseToken: string;
}

const assertLease = async (
  trx: Querying,
  context: string,
  token: string | undefined,
): Promise<void> => {
  if (token === undefined) return;
  const held =
    await sql`SELECT 1 FROM strangler_control.leases WHERE context = ${context} AND token = ${token}
      AND expires_at > clock_timestamp() FOR UPDATE`.execute(trx);
  if (held.rows.length === 0)
    throw new StranglerError(
      'LEASE_LOST',
      `The lease on ${context} was lost before the change was made`,
    );
};

export class ContextStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async get(context: string): Promise<ContextRow | undefined> {
    const { rows } =
      await sql<Raw>`SELECT ${columns} FROM strangler_control.contexts WHERE context = ${context}`.execute(
        this.#db,
      );
    return rows[0] && toRow(rows[0]);
  }

  /** @throws StranglerError CONTEXT_UNKNOWN when it was never registered */
  async require(context: string): Promise<ContextRow> {
    const row = await this.get(context);
    if (!row)
      throw new StranglerError(
        'CONTEXT_UNKNOWN',
        `Context "${context}" is not registered in the control database`,
        {
          remedy: `Begin with: strangler replicate ${context} (or strangler shadow ${context} when it has no data of its own)`,
        },
      );
    return row;
  }

  async list(): Promise<ContextRow[]> {
    const { rows } =
      await sql<Raw>`SELECT ${columns} FROM strangler_control.contexts ORDER BY context`.execute(
        this.#db,
      );
    return rows.map(toRow);
  }

  /** Makes the row at stage monolith, or returns the one that exists (its data kind follows the file while at stage monolith). */
  async register(context: string, dataKind: StoredKind): Promise<ContextRow> {
    await sql`INSERT INTO strangler_control.contexts (context, data_kind, stage, owner)
      VALUES (${context}, ${dataKind}, 'monolith', 'monolith')
      ON CONFLICT (context) DO UPDATE SET data_kind = EXCLUDED.data_kind WHERE contexts.stage = 'monolith'
        AND contexts.data_kind <> EXCLUDED.data_kind`.execute(this.#db);
    return this.require(context);
  }

  /** Facades keep new writes waiting for at most `milliseconds` from now. */
  async setHold(context: string, holdId: string, milliseconds: number): Promise<void> {
    await sql`UPDATE strangler_control.contexts 
      SET hold_id = ${holdId}, updated_at = clock_timestamp(),
          hold_until = clock_timestamp() + ${milliseconds} * interval '1 millisecond'
      WHERE context = ${context}`.execute(this.#db);
  }

  /** Ends a hold; with `holdId` only that one. */
  async liftHold(context: string, holdId?: string): Promise<void> {
    await sql`UPDATE strangler_control.contexts SET hold_id = NULL, hold_until = NULL, updated_at = clock_timestamp()
      WHERE context = ${context} AND hold_id IS NOT NULL
        AND (${holdId ?? null}::uuid IS NULL OR hold_id = ${holdId ?? null}::uuid)`.execute(
      this.#db,
    );
  }

  /** The point of no return of a move: owner, stage, epoch + 1 and start position in one transaction. */
  async flip(options: FlipOptions): Promise<ContextRow> {
    return this.#db.transaction().execute(async (trx) => {
      await assertLease(trx, options.context, options.leaseToken);
      const { rows } =
        await sql<Raw>`UPDATE strangler_control.contexts SET owner = ${options.owner}, stage = ${options.stage}, epoch = epoch + 1,
          start_lsn = ${options.startLsn}::pg_lsn, owned_since = clock_timestamp(), updated_at = clock_timestamp(),
          hold_id = CASE WHEN ${options.liftHold ?? false} THEN NULL
            ELSE hold_id END, hold_until = CASE WHEN ${options.liftHold ?? false} THEN NULL ELSE hold_until END
        WHERE context = ${options.context} AND epoch = ${options.expectedEpoch} RETURNING ${columns}`.execute(
          trx,
        );
      const row = rows[0];
      if (!row)
        throw new StranglerError(
          'LEASE_LOST',
          `The epoch of ${options.context} is no longer ${options.expectedEpoch}: another command changed its owner`,
        );
      for (const entry of options.journal ?? [])
        await appendJournal(trx, {
          ...entry,
          context: options.context,
          epoch: entry.epoch ?? Number(row.epoch),
        });
      return toRow(row);
    });
  }

  /**
   * Takes over owner and epoch from where they are known better; never goes back. The journal's ids number the moves, so they
   * go on behind those that data databases have seen.
   */
  async restore(change: RestoreChange): Promise<ContextRow> {
    return this.#db.transaction().execute(async (trx) => {
      await assertLease(trx, change.context, change.leaseToken);
      await sql`SELECT setval(s.name, greatest(nextval(s.name), ${change.numbersFrom}::bigint))
        FROM (SELECT pg_get_serial_sequence('strangler_control.journal', 'id')::regclass AS name) s`.execute(
        trx,
      );
      const { rows } = await sql<Raw>`
        UPDATE strangler_control.contexts
           SET owner = ${change.owner}, epoch = ${change.epoch}, stage = ${change.stage},
               start_lsn = coalesce(${change.startLsn}::pg_lsn, start_lsn),
               hold_id = NULL, hold_until = NULL,
               owned_since = clock_timestamp(), updated_at = clock_timestamp()
         WHERE context = ${change.context} AND epoch <= ${change.epoch}
        RETURNING ${columns}`.execute(trx);
      const row = rows[0];
      if (!row)
        throw new StranglerError(
          'MOVE_NOT_ALLOWED',
          `${change.context} is past epoch ${change.epoch} already: another command changed its owner`,
        );
      for (const entry of change.journal)
        await appendJournal(trx, { ...entry, context: change.context });
      return toRow(row);
    });
  }

  /** A change of stage that leaves the data's owner alone (or of a context whose data cannot fork). */
  async setStage(change: StageChange): Promise<ContextRow> {
    return this.#db.transaction().execute(async (trx) => {
      await assertLease(trx, change.context, change.leaseToken);
      const { rows } =
        await sql<Raw>`UPDATE strangler_control.contexts SET stage = ${change.stage}, owner = COALESCE(${change.owner ?? null}, owner),
          owned_since = CASE WHEN COALESCE(${change.owner ?? null}, owner) <> owner THEN clock_timestamp() ELSE owned_since END,
          epoch = epoch + CASE WHEN COALESCE(${change.owner ?? null}, owner) <> owner THEN 1 ELSE 0 END, updated_at = clock_timestamp()
        WHERE context = ${change.context} AND stage = ${change.expectedStage}
          AND epoch = COALESCE(${change.expectedEpoch ?? null}::bigint, epoch)
          AND (data_kind <> 'replicated' OR owner = COALESCE(${change.owner ?? null}, owner))
        RETURNING ${columns}`.execute(trx);
      const row = rows[0];
      if (!row)
        throw new StranglerError(
          'MOVE_NOT_ALLOWED',
          `${change.context} is no longer at stage ${change.expectedStage}: another command moved it`,
        );
      for (const entry of change.journal ?? [])
        await appendJournal(trx, {
          ...entry,
          context: change.context,
          epoch: entry.epoch ?? Number(row.epoch),
        });
      return toRow(row);
    });
  }
}
