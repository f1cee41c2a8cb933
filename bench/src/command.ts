export interface BenchTerminal {
  readonly signal: AbortSignal;
  /** Progress, for people. */
  readonly tell: (line: string) => void;
  /** The result. */
  readonly print: (line: string) => void;
}

export interface BenchCommand {
  readonly usage: string;
  /** Resolves with the exit code: 0 measured, 2 wrong usage. */
  run(args: readonly string[], terminal: BenchTerminal): Promise<number>;
}
