export interface Pause {
  /** From the moment from which facades held writes to the one at which they let them go. */
  readonly heldMs: number;
  /** The slowest answer to a write in that time, as a client measured it; 0: there was none. */
  readonly slowestMs: number;
  readonly failed: number;
}

/** One measured the hold, the other a write: either may be the longer one, and the words say why. */
export function pauseText({ heldMs, slowestMs, failed }: Pause): string {
  const [held, slowest] = [Math.round(heldMs), Math.round(slowestMs)];
  const client =
    slowest === 0
      ? 'no client wrote meanwhile'
      : slowest >= held
        ? `the slowest answer to a write took ${slowest} ms: the wait, and then the write itself`
        : `the slowest answer to a write took ${slowest} ms, for no client wrote in the first ${held - slowest} ms`;
  return `writes were held for ${held} ms; ${client}; ${failed} requests failed`;
}
