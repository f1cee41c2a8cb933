import { describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import type { Comparison } from './comparison.ts';
import { settle, waitUntilApplied } from './settle.ts';

interface Row {
  readonly values: readonly (string | null)[];
  readonly version?: string;
}
/** What a read of a side shows: the first read the first of these, the last for ever. Undefined: no such row. */
type Shown = readonly (Row | undefined)[];

const side = (name: 'monolith' | 'service') => ({
  side: name,
  table: name,
  keys: ['id::text'],
  values: ['a', 'b'],
  keyColumns: [{ column: 'id', type: 'bigint' }],
});
const comparison = (first = true): Comparison =>
  ({
    first,
    keyLinks: [{ from: 'id', to: 'id' }],
    valueLinks: [{ from: 'name' }, { from: 'price' }],
    monolith: side('monolith'),
    service: side('service'),
  }) as unknown as Comparison;

/** A database that shows each key its own sequence of rows, and counts how often it was read. */
function database(shown: Readonly<Record<string, Shown>>, told: string[], name: string) {
  let reads = 0;
  const query = async (asked: { values: string[][] } | string) => {
    if (typeof asked === 'string') {
      told.push(`${name} position`);
      return { rows: [{ lsn: '0/5000', block: '8192' }] };
    }
    told.push(`${name} read ${asked.values[0]?.join(',')}`);
    const rows = (asked.values[0] ?? []).flatMap((key) => {
      const row = shown[key]?.[Math.min(reads, shown[key].length - 1)];
      return row ? [[key, ...row.values, row.version ?? '1']] : [];
    });
    reads += 1;
    return { rows };
  };
  return { query } as unknown as pg.Client;
}

const position = 0x5000n;
function asked(
  shown: { owner: Readonly<Record<string, Shown>>; other: Readonly<Record<string, Shown>> },
  more: {
    ownerSide?: 'monolith' | 'service';
    first?: boolean;
    attempts?: number;
    applied?: () => Promise<bigint>;
    signal?: AbortSignal;
    keys?: readonly string[];
  } = {},
) {
  const told: string[] = [];
  const ownerSide = more.ownerSide ?? 'monolith';
  const result = settle(
    {
      owner: { client: database(shown.owner, told, 'owner'), side: ownerSide },
      other: {
        client: database(shown.other, told, 'other'),
        side: ownerSide === 'monolith' ? 'service' : 'monolith',
      },
      appliedPosition:
        more.applied ??
        (async () => {
          told.push('applied?');
          return position;
        }),
      attempts: more.attempts ?? 3,
      catchUpMs: 20,
      signal: more.signal,
    },
    comparison(more.first ?? true),
    (more.keys ?? ['7']).map((key) => [key]),
  );
  return { result, told };
}

const here: Row = { values: ['tea', '5'] };
const there: Row = { values: ['tea', '6'] };

describe('a difference is one', () => {
  test('when the owner showed the same row before and after, and everything in between had come', async () => {
    const { result, told } = asked({ owner: { 7: [here] }, other: { 7: [there] } });
    expect(await result).toEqual({
      differing: [
        {
          shared: ['7'],
          row: {
            kind: 'different',
            columns: [{ name: 'price', monolith: '5', service: '6' }],
          },
        },
      ],
      unsettled: [],
    });
    expect(told).toEqual([
      'owner read 7',
      'owner position',
      'applied?',
      'other read 7',
      'owner read 7',
    ]);
  });

  test('told as the monolith and the service have it, whoever owns the data', async () => {
    const { result } = asked(
      { owner: { 7: [here] }, other: { 7: [there] } },
      { ownerSide: 'service' },
    );
    expect((await result).differing[0]?.row.columns).toEqual([
      { name: 'price', monolith: '6', service: '5' },
    ]);
  });

  test('a value is not NULL, and NULL is none', async () => {
    const { result } = asked({
      owner: { 7: [{ values: [null, '5'] }] },
      other: { 7: [{ values: ['', '5'] }] },
    });
    expect((await result).differing[0]?.row.columns).toEqual([
      { name: 'name', monolith: null, service: '' },
    ]);
  });

  test('missing: only the owner has the row', async () => {
    const { result } = asked({ owner: { 7: [here] }, other: {} });
    expect(await result).toEqual({
      differing: [{ shared: ['7'], row: { kind: 'missing' } }],
      unsettled: [],
    });
  });

  test('extra: only the other side has it, unwritten for a second round', async () => {
    const { result, told } = asked({ owner: {}, other: { 7: [here] } });
    expect(await result).toEqual({
      differing: [{ shared: ['7'], row: { kind: 'extra' } }],
      unsettled: [],
    });
    expect(told.filter((line) => line === 'other read 7')).toHaveLength(2);
  });
});

describe('lag is no difference', () => {
  test.each<[string, { owner: Shown; other: Shown }]>([
    ['alike', { owner: [here], other: [here] }],
    ['on neither side', { owner: [undefined], other: [undefined] }],
    ['the other side has what the owner showed first', { owner: [here, there], other: [here] }],
    ['the other side has what the owner shows now', { owner: [there, here], other: [here] }],
    ['gone on both sides meanwhile', { owner: [here, undefined], other: [undefined] }],
    ['made and deleted in between', { owner: [undefined], other: [here, undefined] }],
  ])('%s', async (_name, { owner, other }) => {
    const { result } = asked({ owner: { 7: owner }, other: { 7: other } });
    expect(await result).toEqual({ differing: [], unsettled: [] });
  });

  test('a row that the owner writes again and again is left unsettled, never told as different', async () => {
    const written = [1, 2, 3, 4, 5, 6].map((n) => ({
      values: ['tea', String(n)],
      version: String(n),
    }));
    const { result, told } = asked({
      owner: { 7: written },
      other: { 7: [{ values: ['x', 'y'] }] },
    });
    expect(await result).toEqual({ differing: [], unsettled: [['7']] });
    expect(told.filter((line) => line === 'other read 7')).toHaveLength(3);
  });

  test('written with the same values it was written all the same', async () => {
    const touched = [
      { ...here, version: '1' },
      { ...here, version: '2' },
    ];
    const { result } = asked({ owner: { 7: touched }, other: { 7: [there] } }, { attempts: 1 });
    expect(await result).toEqual({ differing: [], unsettled: [['7']] });
  });

  test('a row that came or went at the owner while it was looked at is looked at again', async () => {
    for (const owner of [
      [here, undefined],
      [undefined, here],
    ])
      expect(
        await asked({ owner: { 7: owner }, other: { 7: [there] } }, { attempts: 1 }).result,
      ).toEqual({ differing: [], unsettled: [['7']] });
  });

  test('from the fourth attempt on it is waited, longer each time', async () => {
    const written = Array.from({ length: 12 }, (_, n) => ({ ...here, version: String(n) }));
    const began = performance.now();
    await asked({ owner: { 7: written }, other: { 7: [there] } }, { attempts: 5 }).result;
    // 60 and 80 ms, less what timers round off.
    expect(performance.now() - began).toBeGreaterThan(130);
  });

  test('an extra row that was written between the rounds begins anew', async () => {
    const rewritten = [1, 2, 2].map((version) => ({ ...here, version: String(version) }));
    const rounds = (attempts: number) =>
      asked({ owner: {}, other: { 7: rewritten } }, { attempts }).result;
    expect(await rounds(2)).toEqual({ differing: [], unsettled: [['7']] });
    expect((await rounds(3)).differing).toHaveLength(1);
  });

  test('only what is open is asked again', async () => {
    const { result, told } = asked(
      { owner: { 7: [here], 8: [undefined] }, other: { 7: [here], 8: [here] } },
      { keys: ['7', '8'] },
    );
    expect((await result).differing.map(({ shared }) => shared)).toEqual([['8']]);
    expect(told.filter((line) => line.startsWith('other'))).toEqual([
      'other read 7,8',
      'other read 8',
    ]);
  });
});

describe('a further part of a row', () => {
  const nothing: Row = { values: [null, null] };
  test('that holds no value may as well not be there', async () => {
    const both = [
      asked({ owner: { 7: [nothing] }, other: {} }, { first: false }),
      asked({ owner: {}, other: { 7: [nothing] } }, { first: false }),
    ];
    for (const { result } of both) expect(await result).toEqual({ differing: [], unsettled: [] });
  });
  test('that holds one must be there', async () => {
    const { result } = asked(
      { owner: { 7: [{ values: [null, '5'] }] }, other: {} },
      { first: false },
    );
    expect((await result).differing[0]?.row.kind).toBe('missing');
  });
  test('the first part decides about existence, whatever it holds', async () => {
    const { result } = asked({ owner: { 7: [nothing] }, other: {} });
    expect((await result).differing[0]?.row.kind).toBe('missing');
  });
});

describe('waiting for the other side', () => {
  test('what has not come in time settles nothing', async () => {
    let looks = 0;
    const { result, told } = asked(
      { owner: { 7: [here] }, other: { 7: [there] } },
      { applied: async () => position - BigInt((looks += 1)) },
    );
    expect(await result).toEqual({ differing: [], unsettled: [['7']] });
    // 5, 10 and 20 ms between them, not as fast as it can.
    expect(looks).toBeLessThan(8);
    expect(told).toEqual(['owner read 7', 'owner position']);
  });

  test('is over at the very position', async () => {
    let applied = 3n;
    const context = { appliedPosition: async () => (applied += 1n), catchUpMs: 5000 };
    expect(await waitUntilApplied({ ...context, signal: undefined }, 6n)).toBe(true);
    expect(applied).toBe(6n);
  });

  test('ends when the verification is cancelled', async () => {
    const signal = AbortSignal.abort(new Error('Ctrl-C'));
    const { result } = asked({ owner: { 7: [here] }, other: { 7: [there] } }, { signal });
    await expect(result).rejects.toMatchObject({ code: 'CANCELLED', cause: signal.reason });
  });
});
