import type { DemoResult } from './result.ts';
import type { Screen } from './screen.ts';

/** The table at the end: the evidence of this run. */
export function report(screen: Screen, result: DemoResult): void {
  const compared = (result.shadow.match ?? 0) + (result.shadow.mismatch ?? 0);
  screen.table([
    [
      'requests of clients',
      `${result.requests}, ${result.failedRequests} failed`,
      result.failedRequests === 0,
    ],
    [
      'acknowledged writes',
      `${result.acknowledgedWrites} to ${result.ledgerProducts} products`,
      result.acknowledgedWrites > 0,
    ],
    [
      'lost / doubled',
      `${result.lostWrites} / ${result.duplicatedWrites}`,
      result.lostWrites + result.duplicatedWrites === 0,
    ],
    ['stale reads', String(result.staleReads), result.staleReads === 0],
    [
      'verification',
      `${result.verifiedRows} rows compared, ${result.verifyDifferences} different`,
      result.verifyDifferences === 0,
    ],
    [
      'shadow',
      `${compared} answers compared, ${result.shadow.mismatch ?? 0} different; ${result.shadow.stale ?? 0} not yet in step`,
    ],
    [
      'contracts',
      result.contracts.map(({ side, ok }) => `${side} ${ok ? 'kept' : 'BROKEN'}`).join(', ') ||
        'not verified',
      result.contracts.length > 0 && result.contracts.every(({ ok }) => ok),
    ],
    ['writes were held', result.writePauseMs.map(({ move, ms }) => `${move} ${ms} ms`).join(', ')],
    ['took', `${screen.seconds.toFixed(0)} s`],
  ]);
  for (const problem of result.problems.slice(0, 10)) screen.bad(problem);
}
