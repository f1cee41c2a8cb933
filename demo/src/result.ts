/** What --json prints: everything in it was measured in this run. */
export interface DemoResult {
  ok: boolean;
  /** The cutover alone: neither contracts nor a way back were part of it. */
  fast: boolean;
  requests: number;
  failedRequests: number;
  acknowledgedWrites: number;
  lostWrites: number;
  duplicatedWrites: number;
  staleReads: number;
  verifyDifferences: number;
  /** Compared rows over all verifications. */
  verifiedRows: number;
  /** Longest time a write waited, one entry per change of owner. */
  writePauseMs: { move: string; ms: number }[];
  /** Compared shadow answers by outcome. */
  shadow: Record<string, number>;
  contracts: { side: string; ok: boolean }[];
  ledgerProducts: number;
  stages: { stage: string; seconds: number }[];
  seconds: number;
  problems: string[];
}

export const emptyResult = (fast = false): DemoResult => ({
  ok: false,
  fast,
  requests: 0,
  failedRequests: 0,
  acknowledgedWrites: 0,
  lostWrites: 0,
  duplicatedWrites: 0,
  staleReads: 0,
  verifyDifferences: 0,
  verifiedRows: 0,
  writePauseMs: [],
  shadow: {},
  contracts: [],
  ledgerProducts: 0,
  stages: [],
  seconds: 0,
  problems: [],
});

/** Nothing went wrong, and there was something that could have: of nothing compared nothing differs. */
export const isGood = (result: DemoResult): boolean =>
  result.problems.length === 0 &&
  result.failedRequests === 0 &&
  result.lostWrites === 0 &&
  result.duplicatedWrites === 0 &&
  result.staleReads === 0 &&
  result.verifyDifferences === 0 &&
  (result.shadow.mismatch ?? 0) === 0 &&
  result.acknowledgedWrites > 0 &&
  result.ledgerProducts > 0 &&
  result.verifiedRows > 0 &&
  (result.shadow.match ?? 0) > 0 &&
  result.writePauseMs.length === (result.fast ? 1 : 3) &&
  (result.fast || result.contracts.length === 2) &&
  result.contracts.every(({ ok }) => ok);
