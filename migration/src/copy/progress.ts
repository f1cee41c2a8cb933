export interface CopyProgress {
  readonly table: string;
  readonly rowsCopied: number;
  /** From the planner's statistics; the last report of a table carries the true number. */
  readonly rowsEstimated: number;
  readonly percent: number;
  readonly bytes: number;
  readonly rowsPerSecond: number;
  readonly etaSeconds: number | null;
}

const reportEveryMs = 200;

/** Counts what one table's workers did and reports it, not more often than people can read. */
export class TableProgress {
  readonly table: string;
  readonly #estimated: number;
  readonly #report: (progress: CopyProgress) => void;
  readonly #now: () => number;
  #began: number | undefined;
  #lastReport = 0;
  readonly #already: number;
  #rows: number;
  #bytes: number;

  constructor(
    table: string,
    estimated: number,
    report: (progress: CopyProgress) => void,
    {
      already = { rows: 0, bytes: 0 },
      now = () => performance.now(),
    }: {
      /** What a copy that was cut off left: it counts as done, and says nothing of how fast this one is. */
      readonly already?: { readonly rows: number; readonly bytes: number };
      readonly now?: () => number;
    } = {},
  ) {
    this.table = table;
    this.#already = already.rows;
    this.#rows = already.rows;
    this.#bytes = already.bytes;
    this.#estimated = estimated;
    this.#report = report;
    this.#now = now;
  }

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(): void {
    this.#began ??= this.#now();
  }

  add(rows: number, bytes: number): void {
    this.#rows += rows;
    this.#bytes += bytes;
    if (this.#now() - this.#lastReport >= reportEveryMs)
      this.#tell(Math.max(this.#estimated, this.#rows));
  }

  finish(): void {
    this.#tell(this.#rows);
  }

  #tell(expected: number): void {
    this.#lastReport = this.#now();
    const seconds = (this.#now() - (this.#began ?? this.#now())) / 1000;
    const rowsPerSecond = seconds > 0 ? (this.#rows - this.#already) / seconds : 0;
    this.#report({
      table: this.table,
      rowsCopied: this.#rows,
      rowsEstimated: expected,
      percent: expected === 0 ? 100 : Math.floor((this.#rows / expected) * 100),
      bytes: this.#bytes,
      rowsPerSecond: Math.round(rowsPerSecond),
      etaSeconds: rowsPerSecond > 0 ? Math.ceil((expected - this.#rows) / rowsPerSecond) : null,
    });
  }
}
