/**
 * Whether rows that the source made are written without looking whether they are there. They hardly ever are (a repair came
 * first); when one is, the next transactions look, the longer the more often it happens, so that it never costs much.
 */
export class PlainInserts {
  #wait = 0;
  #penalty = 1;

  get allowed(): boolean {
    return this.#wait === 0;
  }

  /** A transaction begins. */
  begin(): void {
    if (this.#wait > 0) this.#wait -= 1;
  }

  /** A try failed that could have failed for this. */
  failed(): void {
    this.#penalty = Math.min(this.#penalty * 2, 1000);
    this.#wait = this.#penalty;
  }
}
