import { describe, expect, test } from '@jest/globals';
import { fakeMove } from '../../test/support/fake-move.ts';
import type { Identity } from '../identity/identity.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { verify } from '../verify/verify.ts';
import { comparingHeld, verifyHeld } from './verify-held.ts';

/** So many rows do not fit into the two seconds that verification may take of a hold: 50,000 a second are surely read. */
const mapping = (...rows: number[]): CompiledMapping =>
  ({ tables: rows.map((estimatedRows) => ({ monolith: { estimatedRows } })) }) as never;
const tooMany = mapping(60_000, 60_000);

const scene = (evidence: unknown, more: Parameters<typeof fakeMove>[0] = {}) => {
  const asked: unknown[] = [];
  const latest = async (...args: unknown[]) => (asked.push(...args), evidence);
  return {
    ...fakeMove({ mapping: tooMany, identity, control: { evidence: { latest } }, ...more }),
    asked,
  };
};
const identity: Identity = {
  direction: 'forward',
  monolith: [],
  service: [],
  publication: null,
  mapping: [],
};
const evidence = { id: 5, ok: true, ageSeconds: 3599.6, epoch: 3, detail: { identity } };

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

  test.each([
    [
      'void since: publication p of the monolith does not exist any more',
      {
        ...identity,
        publication: { name: 'p', oid: '1', version: '1', actions: 'insert', tables: [] },
      },
    ],
    ['void since: it does not say what it was about', undefined],
  ])('do not move when what it was about is another thing: %s', async (told, was) => {
    const { move } = scene({ ...evidence, detail: { identity: was } });
    await expect(verifyHeld.execute(move)).rejects.toMatchObject({
      code: 'GATE_REFUSED',
      message: expect.stringContaining(told),
    });
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

test('tables that fit are compared, whatever was verified before: what cannot be read is no evidence', async () => {
  const sides = { url: () => 'postgresql://nobody:none@127.0.0.1:1/nowhere' } as never;
  const { move, asked } = scene(evidence, { mapping: mapping(60_000), sides });
  await expect(verifyHeld.execute(move)).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
  expect(asked).toEqual([]);
});

describe('tables that fit', () => {
  type Options = Parameters<typeof verify>[0];
  type Result = Awaited<ReturnType<typeof verify>>;
  const clean = { tables: [], rowsCompared: 60_000, differences: 0, unsettled: 0, seconds: 1.5 };
  const compared = (
    found: Partial<Result> | ((options: Options) => Promise<Result>),
    more: Parameters<typeof fakeMove>[0] = {},
  ) => {
    const options: Options[] = [];
    const step = comparingHeld(async (given) => {
      options.push(given);
      return typeof found === 'function' ? found(given) : ({ ...clean, ...found } as Result);
    });
    const { move } = scene(evidence, { mapping: mapping(60_000), ...more });
    return { told: step.execute(move).catch((error: unknown) => error), options };
  };

  test('are compared as a whole, with everything applied that could be', async () => {
    const { told, options } = compared({});
    expect(await told).toEqual({ verified: 'all', rowsCompared: 60_000, seconds: 1.5 });
    expect(options).toMatchObject([
      {
        monolithUrl: 'postgresql://monolith',
        serviceUrl: 'postgresql://service',
        direction: 'forward',
        chunkRows: 2000,
      },
    ]);
    // Whatever position the log has reached, none of it is ours any more.
    expect(await options[0]?.appliedPosition()).toBe(0xffff_ffff_ffff_ffffn);
  });

  test('one row that differs keeps the owner, and is named', async () => {
    const differing = Array.from({ length: 21 }, (_, id) => ({ key: [String(id)] }));
    const tables = [
      { table: 'public.products', differing },
      { table: 'public.tags', differing: [] },
    ] as never;
    expect(await compared({ differences: 1, tables }).told).toMatchObject({
      code: 'VERIFY_DIFFERENCES',
      details: { tables: [{ table: 'public.products', keys: differing.slice(0, 20) }] },
    });
  });

  test('a row that never stood still keeps the owner as well', async () => {
    expect(await compared({ unsettled: 1 }).told).toMatchObject({
      code: 'VERIFY_DIFFERENCES',
      message: expect.stringMatching(/^1 rows kept changing/),
    });
  });

  test('what fails is told as it came; what does not end in time rests on evidence', async () => {
    const broken = new Error('the table is gone');
    expect(await compared(() => Promise.reject(broken)).told).toBe(broken);
    const late = ({ signal }: Options): Promise<Result> =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('cut off')));
      });
    const soon = { deadline: performance.now() + 60, mapping: mapping(100) };
    expect(await compared(late, soon).told).toMatchObject({
      verified: 'by evidence',
      reason: expect.stringMatching(/^comparing everything did not end within \d+ ms$/),
    });
    const abort = new AbortController();
    const cancelled = compared(late, { signal: abort.signal });
    setTimeout(() => abort.abort(), 5);
    expect(await cancelled.told).toMatchObject({ message: 'cut off' });
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
