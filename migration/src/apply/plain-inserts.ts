/** Runs in a row that went well after which an earlier failure counts half. */
const runsToForgive = 20;

/**
 * Whether rows that the source made are written without looking whether they are there. They hardly ever are (a repair came
 * first); when one is, the next transactions look, the longer the more often it happens, so that it never costs much.
 */
export class PlainInserts {
  /** Tables that take no COPY. */
  readonly #refusing = new Set<string>();
  #wait = 0;
  #penalty = 1;
  #good = 0;
  /** The table that this run tried last. */
  #tried: string | null = null;

  /** A transaction begins. */
  begin(): void {
    if (this.#wait > 0) this.#wait -= 1;
  }

  /** A run of changes begins: what fails in it may have failed for what it tries. */
  beginRun(): void {
    this.#tried = null;
  }

  /** Whether to try it with rows of this table. */
  tries(table: string): boolean {
    if (this.#wait > 0 || this.#refusing.has(table)) return false;
    this.#tried = table;
    return true;
  }

  succeeded(): void {
    if (this.#tried === null || this.#penalty === 1) return;
    this.#good += 1;
    if (this.#good < runsToForgive) return;
    this.#good = 0;
    this.#penalty = Math.ceil(this.#penalty / 2);
  }

  /** The run failed for its data. Returns whether it is worth another one: that one tries nothing. */
  failed(): boolean {
    if (this.#tried === null) return false;
    this.#good = 0;
    this.#penalty = Math.min(this.#penalty * 2, 1000);
    this.#wait = this.#penalty;
    return true;
  }

  /** The run failed because the server does not support something. Returns whether it is worth another one, which spares the table. */
  refused(): boolean {
    if (this.#tried === null) return false;
    this.#refusing.add(this.#tried);
    return true;
  }
}
