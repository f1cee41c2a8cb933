import { describe, expect, test } from '@jest/globals';
import { promiseRows } from './report.ts';
import { type DemoResult, emptyResult } from './result.ts';

const good: DemoResult = {
  ...emptyResult(),
  requests: 9_000,
  acknowledgedWrites: 600,
  ledgerProducts: 40,
  verifiedRows: 10_000,
  shadow: { match: 900, stale: 3 },
  contracts: [
    { side: 'monolith', ok: true },
    { side: 'service', ok: true },
  ],
  writePauseMs: [{ move: 'cutover', ms: 390 }],
};
const marks = (result: DemoResult): Record<string, boolean | undefined> =>
  Object.fromEntries(promiseRows(result, 40).map(([what, , mark]) => [what, mark]));
const judged = [
  'requests of clients',
  'acknowledged writes',
  'lost',
  'doubled',
  'stale reads',
  'different rows',
  'different answers',
  'contracts',
] as const;

describe('the table of promises', () => {
  test('says of each what was measured', () => {
    const rows = Object.fromEntries(promiseRows(good, 40).map(([what, value]) => [what, value]));
    expect(rows).toMatchObject({
      'acknowledged writes': '600 to 40 products',
      lost: '0',
      doubled: '0',
      'different rows': '0 of 10000 compared',
      'writes were held': 'cutover 390 ms',
      took: '40 s',
    });
    expect(judged.map((what) => marks(good)[what])).toEqual(judged.map(() => true));
  });

  test('calls nothing good that was not measured', () => {
    expect(judged.map((what) => marks(emptyResult())[what])).toEqual(judged.map(() => false));
  });

  test.each<[(typeof judged)[number], Partial<DemoResult>]>([
    ['requests of clients', { failedRequests: 1 }],
    ['lost', { lostWrites: 1 }],
    ['doubled', { duplicatedWrites: 1 }],
    ['stale reads', { staleReads: 1 }],
    ['different rows', { verifyDifferences: 1 }],
    ['different answers', { shadow: { match: 900, mismatch: 1 } }],
    ['contracts', { contracts: [{ side: 'service', ok: false }] }],
  ])('marks %s alone when that is what went wrong', (what, changed) => {
    const bad = judged.filter((each) => marks({ ...good, ...changed })[each] === false);
    expect(bad).toEqual([what]);
  });

  test('of the cutover alone has no contracts, for nobody asked them', () => {
    expect(Object.keys(marks({ ...good, fast: true }))).not.toContain('contracts');
  });
});
