import { standingPinsStatement } from '@strangler-toolkit/plan';
import type { Database } from './control-database.ts';

export interface StandingPins {
  /** Identities whose last write the side that lags does not have yet. */
  readonly count: number;
  /** When the newest write of the identities asked about was, on the control database's clock; null: none stands. */
  readonly since: string | null;
  /** Whether anything streams away from the owner in this epoch. */
  readonly streams: boolean;
}

/** Who wrote lately, and therefore reads at the owner. */
export class PinStore {
  readonly #db: Database;
  constructor(db: Database) {
    this.#db = db;
  }

  async standing(context: string, identities: readonly string[]): Promise<StandingPins> {
    const { text, values } = standingPinsStatement(context, identities);
    const { rows } = await this.#db.query(text, values);
    return (rows as StandingPins[])[0] ?? { count: 0, since: null, streams: false };
  }
}
