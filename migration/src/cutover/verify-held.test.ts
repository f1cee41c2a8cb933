import { describe, expect, test } from '@jest/globals';
import { fakeMove } from '../../test/support/fake-move.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { verifyHeld } from './verify-held.ts';

/** So many rows do not fit into the two seconds that verification may take of a hold: 50,000 a second are surely read. */
const mapping = (...rows: number[]): CompiledMapping =>
  ({ tables: rows.map((estimatedRows) => ({ monolith: { estimatedRows } })) }) as never;
const tooMany = mapping(60_000, 60_000);

const scene = (evidence: unknown, more: Parameters<typeof fakeMove>[0] = {}) => {
  const asked: unknown[] = [];
  const latest = async (...args: unknown[]) => (asked.push(...args), evidence);
  return { ...fakeMove({ mapping: tooMany, control: { evidence: { latest } }, ...more }), asked };
};
const evidence = { id: 5, ok: true, ageSeconds: 3599.6, epoch: 3 };

describe('tables that are too large to be compared while writes wait', () => {
  test('rest on a clean verification of this epoch that is fresh, and say so', async () => {
    const { move, asked } = scene(evidence);
    expect(await verifyHeld.execute(move)).toEqual({
      verified: 'by evidence',
      reason: 'about 120000 rows do not fit into 2000 ms',
      evidenceId: 5,
      ageSeconds: 3600,
    });
    expect(asked).toEqual(['catalog', 'verification', 3]);
  });

  test.each([
    ['there is none', undefined],
    ['it found differences', { ...evidence, ok: false }],
    ['it is older than the gate allows', { ...evidence, ageSeconds: 3600.1 }],
  ])('do not move when %s', async (_, found) => {
    const { move } = scene(found);
    const refused = { code: 'GATE_REFUSED', message: expect.stringContaining('3600 s') };
    await expect(verifyHeld.execute(move)).rejects.toMatchObject(refused);
    await expect(verifyHeld.dryRun(move)).rejects.toMatchObject(refused);
  });

  test('the context file says how old it may be', async () => {
    const definition = { context: 'catalog', gates: { verificationMaxAgeSeconds: 10 } } as never;
    for (const [ageSeconds, outcome] of [
      [10, 'by evidence'],
      [11, 'GATE_REFUSED'],
    ] as const) {
      const { move } = scene({ ...evidence, ageSeconds }, { definition });
      const told = verifyHeld.execute(move).then(
        ({ verified }) => verified,
        ({ code }) => code,
      );
      expect(await told).toBe(outcome);
    }
  });

  test('less time than usual is left of the hold: fewer rows fit', async () => {
    const hold = { mapping: mapping(60_000), deadline: performance.now() + 1000 };
    const { move } = scene(evidence, hold);
    expect(await verifyHeld.execute(move)).toMatchObject({ verified: 'by evidence' });
  });
});

test('a dry run tells which way it would be, and how many rows', async () => {
  const exactly = scene(evidence, { mapping: mapping(100_000) });
  expect(await verifyHeld.dryRun(exactly.move)).toEqual({ verified: 'all', rows: 100_000 });
  expect(await verifyHeld.dryRun(scene(evidence).move)).toMatchObject({
    verified: 'by evidence',
    rows: 120_000,
  });
});
