import { describe, expect, test } from '@jest/globals';
import { type DemoResult, emptyResult, isGood } from './result.ts';

const good: DemoResult = {
  ...emptyResult(),
  acknowledgedWrites: 600,
  ledgerProducts: 40,
  verifiedRows: 10_000,
  shadow: { match: 900, stale: 3 },
  contracts: [
    { side: 'monolith', ok: true },
    { side: 'service', ok: true },
  ],
  writePauseMs: ['cutover', 'rollback', 'cutover'].map((move) => ({ move, ms: 400 })),
};
const fast: DemoResult = {
  ...good,
  fast: true,
  contracts: [],
  writePauseMs: [{ move: 'cutover', ms: 400 }],
};

describe('a run of the demo', () => {
  test('is good when everything was compared and nothing differed', () => {
    expect(isGood(good)).toBe(true);
  });

  test.each<[string, Partial<DemoResult>]>([
    ['a request failed', { failedRequests: 1 }],
    ['a write was lost', { lostWrites: 1 }],
    ['a write was doubled', { duplicatedWrites: 1 }],
    ['a read was stale', { staleReads: 1 }],
    ['a row differed', { verifyDifferences: 1 }],
    ['a shadow answer differed', { shadow: { match: 900, mismatch: 1 } }],
    ['a client noted a problem', { problems: ['odd'] }],
    [
      'a side broke the contracts',
      { contracts: [good.contracts[0]!, { side: 'service', ok: false }] },
    ],
    ['nothing was written', { acknowledgedWrites: 0 }],
    ['no product was looked up', { ledgerProducts: 0 }],
    ['no row was compared', { verifiedRows: 0 }],
    ['no shadow answer was compared', { shadow: { stale: 3 } }],
    ['no contract was verified', { contracts: [] }],
    ['the contracts were verified on one side', { contracts: [good.contracts[0]!] }],
    ['the owner did not change', { writePauseMs: [] }],
  ])('is not when %s', (_what, changed) => {
    expect(isGood({ ...good, ...changed })).toBe(false);
  });

  test('of the cutover alone needs no contracts, but the cutover', () => {
    expect(isGood(fast)).toBe(true);
    expect(isGood({ ...fast, writePauseMs: [] })).toBe(false);
    expect(isGood({ ...fast, lostWrites: 1 })).toBe(false);
  });
});
