import { randomUUID } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';
import { sql } from './sql.ts';

export interface LeaseRow {
  readonly context: string;
  readonly token: string;
  readonly holder: string;
  readonly move: string;
  readonly expiresInSeconds: number;
}

export interface Lease {
  readonly context: string;
  readonly token: string;
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal;
  /** Call before every step. @throws StranglerError LEASE_LOST */
  check(): Promise<void>;
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly context: string;
  readonly holder: string;
  readonly move: string;
  readonly ttlMs?: number;
}

/**
 * How long a lease lives without being renewed. After it a move whose process died is recovered, so facades keep holding longer
 * than that (cutover/hold.ts).
 */
export const LEASE_TTL_MS = 10_000;

export class LeaseStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<LeaseRow[]> {
    const { rows } = await sql<LeaseRow>`SELECT context, token, holder, move, extract(epoch
        FROM expires_at - clock_timestamp())::float8 AS "expiresInSeconds"
      FROM strangler_control.leases ORDER BY context`.execute(this.#db);
    return rows;
  }

  async get(context: string): Promise<LeaseRow | undefined> {
    return (await this.list()).find((lease) => lease.context === context);
  }

  /** @throws StranglerError LEASE_HELD when a live command works on the context */
  async acquire({ context, holder, move, ttlMs = LEASE_TTL_MS }: LeaseOptions): Promise<Lease> {
    const token = randomUUID();
    // Taken before the query: the deadline that we keep is never later than the one in the database.
    let askedAt = performance.now();
    const taken =
      await sql`INSERT INTO strangler_control.leases (context, token, holder, move, expires_at)
      VALUES (${context}, ${token}, ${holder}, ${move}, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
      ON CONFLICT (context) DO UPDATE SET token = EXCLUDED.token,
        holder = EXCLUDED.holder, move = EXCLUDED.move, expires_at = EXCLUDED.expires_at
      WHERE leases.expires_at <= clock_timestamp() RETURNING token`.execute(this.#db);
    if (taken.rows.length === 0) {
      const other = await this.get(context);
      throw new StranglerError(
        'LEASE_HELD',
        `${other?.holder ?? 'Another process'} is working on ${context} ` +
          `(${other?.move ?? 'unknown'}; its lease runs out in ` +
          `${Math.max(0, Math.ceil(other?.expiresInSeconds ?? 0))} s unless renewed)`,
        {
          details: { context, holder: other?.holder, move: other?.move },
        },
      );
    }
    let deadline = askedAt + ttlMs;
    const lost = new AbortController();
    const lose = (why: string): StranglerError => {
      const error = new StranglerError('LEASE_LOST', `The lease on ${context} was lost: ${why}`);
      if (!lost.signal.aborted) lost.abort(error);
      return error;
    };
    const renew = async (): Promise<void> => {
      if (lost.signal.aborted) throw lost.signal.reason;
      askedAt = performance.now();
      const asked = askedAt;
      const { rows } =
        await sql`UPDATE strangler_control.leases SET expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
        WHERE context = ${context} AND token = ${token} AND expires_at > clock_timestamp() RETURNING token`.execute(
          this.#db,
        );
      if (rows.length === 0) throw lose('it ran out or another command took it');
      deadline = Math.max(deadline, asked + ttlMs);
    };
    const timer = setInterval(() => {
      if (performance.now() > deadline) {
        clearInterval(timer);
        lose('it could not be renewed in time');
        return;
      }
      // A failed renewal is tried again at the next tick, until the deadline.
      renew().catch(() => {});
    }, ttlMs / 5);
    timer.unref();
    return {
      context,
      token,
      signal: lost.signal,
      check: renew,
      release: async () => {
        clearInterval(timer);
        await sql`DELETE FROM strangler_control.leases WHERE context = ${context} AND token = ${token}`.execute(
          this.#db,
        );
      },
    };
  }
}
