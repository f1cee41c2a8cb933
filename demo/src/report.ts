import type { DemoResult } from './result.ts';

export type Row = readonly [what: string, value: string, good?: boolean];

/** The table at the end: what was promised, and what this run measured of it. */
export function promiseRows(result: DemoResult, seconds: number): Row[] {
  const { match = 0, mismatch = 0, stale = 0 } = result.shadow;
  const contracts: Row[] = result.fast
    ? []
    : [
        [
          'contracts',
          result.contracts.map(({ side, ok }) => `${side} ${ok ? 'kept' : 'BROKEN'}`).join(', ') ||
            'not verified',
          result.contracts.length > 0 && result.contracts.every(({ ok }) => ok),
        ],
      ];
  return [
    [
      'requests of clients',
      `${result.requests}, ${result.failedRequests} failed`,
      result.failedRequests === 0 && result.requests > 0,
    ],
    [
      'acknowledged writes',
      `${result.acknowledgedWrites} to ${result.ledgerProducts} products`,
      result.acknowledgedWrites > 0 && result.ledgerProducts > 0,
    ],
    ['lost', String(result.lostWrites), result.lostWrites === 0 && result.ledgerProducts > 0],
    [
      'doubled',
      String(result.duplicatedWrites),
      result.duplicatedWrites === 0 && result.ledgerProducts > 0,
    ],
    ['stale reads', String(result.staleReads), result.staleReads === 0 && result.requests > 0],
    [
      'different rows',
      `${result.verifyDifferences} of ${result.verifiedRows} compared`,
      result.verifyDifferences === 0 && result.verifiedRows > 0,
    ],
    [
      'different answers',
      `${mismatch} of ${match + mismatch} compared in the shadow; ${stale} more were asked before the service had the write`,
      mismatch === 0 && match > 0,
    ],
    ...contracts,
    ['writes were held', result.writePauseMs.map(({ move, ms }) => `${move} ${ms} ms`).join(', ')],
    ['took', `${seconds.toFixed(0)} s`],
  ];
}
