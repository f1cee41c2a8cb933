import { describe, expect, test } from '@jest/globals';
import type { StrayMoment } from '../../replica/stray-writes.ts';
import type { AskedWindows } from './asked-paths.ts';
import { joinWrites } from './join-writes.ts';

const window = (
  path: string,
  started: number,
  ended: number,
  more: Partial<AskedWindows> = {},
): AskedWindows => ({
  method: 'POST',
  path,
  context: '',
  started,
  ended,
  requests: 1,
  traces: [],
  reads: more.method === 'GET',
  ...more,
});
const write = (at: number, more: Partial<StrayMoment> = {}): StrayMoment => ({
  writer: '1',
  table: 'public.products',
  application: 'shop',
  at,
  trace: null,
  route: null,
  ...more,
});
const join = (windows: readonly AskedWindows[], writes: readonly StrayMoment[]) =>
  joinWrites({
    context: 'catalog',
    own: { writes: ['/api/products', '/api/feed/**'], reads: ['/api/products', '/api/views/:id'] },
    windows,
    writes,
  });
const routes = (windows: readonly AskedWindows[], writes: readonly StrayMoment[]) =>
  join(windows, writes).routes.map(({ path, certain, possible, alone, verdict }) => [
    path,
    certain,
    possible,
    alone,
    verdict,
  ]);
const own = { context: 'catalog' };
/** Begin and end of the record: what chance is reckoned by. */
const record = [window('/other', 0, 1), window('/other', 999_000, 999_001)];

describe('by time', () => {
  test('a statement that is seen only while one path is under way is likely its own', () => {
    const { routes: found, ...more } = join(
      [...record, window('/stock', 1_000, 1_100), window('/stock', 5_000, 5_100, { requests: 2 })],
      [write(1_050), write(5_020, { table: 'public.prices' })],
    );
    expect(found).toEqual([
      {
        method: 'POST',
        path: '/stock',
        claimedBy: null,
        claimedAs: null,
        requests: 3,
        certain: 0,
        possible: 2,
        alone: 2,
        byChance: 0,
        verdict: 'likely',
        tables: ['public.prices', 'public.products'],
        lastAt: '1970-01-01T00:00:05.020Z',
      },
    ]);
    expect(more).toEqual({ claimed: 0, past: [], beforeRecord: 0 });
  });

  test('clocks may differ a little, and no more', () => {
    const stock = [...record, window('/stock', 1_000, 1_100)];
    expect(routes(stock, [write(976), write(1_124)])).toEqual([['/stock', 0, 2, 2, 'likely']]);
    const { routes: none, past } = join(stock, [write(974), write(1_126, { application: 'job' })]);
    expect([none, past]).toEqual([
      [],
      [
        { application: 'shop', writes: 1 },
        { application: 'job', writes: 1 },
      ],
    ]);
  });

  test('beside another write it is possible only, and the own route explains what is its own alone', () => {
    const windows = [
      ...record,
      window('/api/products', 1_000, 1_100, own),
      window('/stock', 1_050, 1_200),
    ];
    expect(routes(windows, [write(1_080)])).toEqual([['/stock', 0, 1, 0, 'possible']]);
    expect(join(windows, [write(1_010)])).toMatchObject({ routes: [], claimed: 1, past: [] });
  });

  test('a statement that a job writes as well is no likely one, nor is what chance explains', () => {
    const stock = [...record, window('/stock', 1_000, 1_100)];
    expect(routes(stock, [write(1_050), write(500_000)])).toEqual([
      ['/stock', 0, 1, 1, 'possible'],
    ]);
    expect(routes(stock, [write(1_050), write(500_000, { writer: '2' })])).toEqual([
      ['/stock', 0, 1, 1, 'likely'],
    ]);
    // under way most of the time: whatever is written falls into it
    expect(routes([...record, window('/poll', 1_000, 900_000)], [write(50_000)])).toEqual([
      ['/poll', 0, 1, 1, 'possible'],
    ]);
  });

  test('another context’s route is named with its context', () => {
    const found = join([window('/orders', 0, 10, { context: 'orders' })], [write(5)]).routes;
    expect(found).toMatchObject([{ path: '/orders', claimedBy: 'orders', possible: 1 }]);
  });

  test('what happened before the record is held against nobody', () => {
    expect(join([window('/stock', 1_000, 1_100)], [write(500)])).toMatchObject({
      past: [],
      beforeRecord: 1,
    });
    expect(join([], [write(500)])).toMatchObject({ routes: [], past: [], beforeRecord: 1 });
  });

  test('a path whose record is full may have been under way before it: nothing is alone then', () => {
    const full = Array.from({ length: 1_000 }, (_, n) =>
      window('/api/products', 500_000 + n * 100, 500_001 + n * 100, own),
    );
    const stock = [...record, window('/stock', 1_000, 1_100)];
    expect(routes([...stock, ...full.slice(1)], [write(1_050)])).toEqual([
      ['/stock', 0, 1, 1, 'likely'],
    ]);
    expect(routes([...stock, ...full], [write(1_050)])).toEqual([['/stock', 0, 1, 0, 'possible']]);
  });
});

describe('reads that no context claims', () => {
  const get = (path: string, started: number, more: Partial<AskedWindows> = {}) =>
    window(path, started, started + 100, { method: 'GET', ...more });
  const thrice = (path: string) => [1_000, 5_000, 9_000].map((at) => get(path, at));
  const known = [...record, get('/else', 0), get('/else', 998_000)];
  const told = [write(1_050), write(5_050), write(9_050)];

  test('one that alone was under way at each write of a statement, three times, is likely its own', () => {
    const { routes: found, past } = join([...known, ...thrice('/track')], told);
    expect(found).toMatchObject([
      { method: 'GET', path: '/track', requests: 3, possible: 3, alone: 3, verdict: 'likely' },
    ]);
    expect(past).toEqual([]);
  });

  test('twice may be chance, as may many writes of one request, and what chance explains: they stay writes of nobody', () => {
    const nobody = (windows: readonly AskedWindows[], writes: readonly StrayMoment[]) =>
      expect(join(windows, writes)).toMatchObject({
        routes: [],
        past: [{ application: 'shop', writes: writes.length }],
      });
    nobody([...known, ...thrice('/track')], told.slice(1));
    nobody([...known, ...thrice('/track')], [write(1_020), write(1_050), write(1_080)]);
    // asked for all the time
    const often = Array.from({ length: 450 }, (_, n) =>
      get('/home', n * 2_000, { ended: n * 2_000 + 1_900 }),
    );
    nobody([...known, ...often], told);
    // a job of the same statement
    nobody([...known, ...thrice('/track')], [...told, write(500_000)]);
    // two of them each time
    nobody([...known, ...thrice('/track'), ...thrice('/banner')], told);
  });

  test('one write in ten may be missed: a facade was killed, or heard late of the audit', () => {
    const often = Array.from({ length: 9 }, (_, n) => get('/track', 1_000 + n * 4_000));
    const all = often.map(({ started }) => write(started + 50));
    expect(
      join([...known, ...often], [...all, write(500_000, { application: 'x' })]),
    ).toMatchObject({
      routes: [{ path: '/track', possible: 9, verdict: 'likely' }],
      past: [{ application: 'x', writes: 1 }],
    });
    expect(routes([...known, ...often], [...all, write(500_000), write(600_000)])).toEqual([]);
  });

  test('before the first of them was told of, nobody knows', () => {
    expect(routes([...record, ...thrice('/track')], [...told, write(100), write(200)])).toEqual([
      ['/track', 0, 3, 3, 'likely'],
    ]);
  });

  test('a write that was under way takes the blame, and is as likely as without reads', () => {
    expect(
      routes([...known, ...thrice('/track'), window('/stock', 5_000, 5_100)], [write(5_050)]),
    ).toEqual([['/stock', 0, 1, 1, 'likely']]);
  });

  test('one is certain where the writer named its trace or its route', () => {
    const windows = [...known, get('/track/:id', 1_000, { traces: ['cd'] })];
    expect(join(windows, [write(900_000, { trace: 'cd' })]).routes).toMatchObject([
      {
        method: 'GET',
        path: '/track/:id',
        requests: 1,
        certain: 1,
        possible: 0,
        verdict: 'certain',
      },
    ]);
    const named = write(1_050, { route: '/track/:item' });
    expect(join(windows, [named]).routes).toMatchObject([
      { method: 'GET', path: '/track/:id', certain: 1 },
    ]);
    // a write of the same path was under way as well
    expect(join([...windows, window('/track/:id', 1_000, 1_100)], [named]).routes).toMatchObject([
      { method: 'POST', path: '/track/:id', certain: 1 },
    ]);
  });
});

describe('reads that the context itself claims', () => {
  const view = (started: number, more: Partial<AskedWindows> = {}) =>
    window('/api/views/:id', started, started + 100, { ...own, method: 'GET', ...more });
  const other = (started: number) =>
    window('/about', started, started + 10, { method: 'GET', context: '' });
  const thrice = [view(1_000), view(5_000), view(9_000)];
  const known = [...record, other(0), other(998_000)];
  const told = [write(1_050), write(5_050), write(9_050)];
  const read = { method: 'GET', path: '/api/views/:id', claimedBy: 'catalog', claimedAs: 'read' };

  test('are told as likely where one alone was under way each time, and are no writes of the context', () => {
    const found = join([...known, ...thrice], told);
    expect(found.routes).toMatchObject([
      { ...read, requests: 3, possible: 3, alone: 3, verdict: 'likely' },
    ]);
    expect(found).toMatchObject({ claimed: 0, past: [] });
  });

  test('are certain where the writer named their trace, or their path and the context writes at no such path', () => {
    const traced = join(
      [...known, view(1_000, { traces: ['cd'] })],
      [write(9_000, { trace: 'cd' })],
    );
    expect(traced.routes).toMatchObject([{ ...read, certain: 1, verdict: 'certain' }]);
    const named = write(1_050, { route: '/api/views/:view' });
    expect(join([...known, ...thrice], [named]).routes).toMatchObject([{ ...read, certain: 1 }]);
    // before the facades heard of the audit, or past them
    expect(join(record, [named])).toMatchObject({
      claimed: 0,
      routes: [{ ...read, method: null, requests: 0, certain: 1, verdict: 'certain' }],
    });
  });

  test('take no blame for a write of the context at their path, nor for one that shows the same trace', () => {
    const list = window('/api/products', 1_000, 2_000, { ...own, method: 'GET', traces: ['ab'] });
    const named = write(1_050, { route: '/api/products' });
    expect(join([...known, list], [named])).toMatchObject({ routes: [], claimed: 1 });
    const create = window('/api/products', 1_020, 1_100, { ...own, traces: ['ab'] });
    for (const at of [1_050, 1_500])
      expect(join([...known, list, create], [write(at, { trace: 'ab' })])).toMatchObject({
        routes: [],
        claimed: 1,
      });
  });

  test('and reads of nobody beside them exonerate each other', () => {
    const beside = [1_000, 5_000, 9_000].map((at) =>
      window('/track', at, at + 100, { method: 'GET' }),
    );
    expect(join([...known, ...thrice, ...beside], told)).toMatchObject({
      routes: [],
      past: [{ application: 'shop', writes: 3 }],
    });
  });
});

describe('by what the writer names', () => {
  test('a trace is certain, also between others and after the answer', () => {
    const windows = [
      window('/api/products', 1_000, 2_000, { ...own, traces: ['b'] }),
      window('/stock', 1_000, 2_000, { traces: ['a'] }),
    ];
    expect(routes(windows, [write(1_500, { trace: 'a' }), write(9_000, { trace: 'a' })])).toEqual([
      ['/stock', 2, 0, 0, 'certain'],
    ]);
    expect(join(windows, [write(1_500, { trace: 'b' })])).toMatchObject({ routes: [], claimed: 1 });
  });

  test('a trace of several requests is that of the one under way, else of none for certain', () => {
    const windows = [
      window('/stock', 1_000, 1_100, { traces: ['a'] }),
      window('/login', 5_000, 5_100, { traces: ['a'] }),
    ];
    expect(routes(windows, [write(1_050, { trace: 'a' })])).toEqual([
      ['/stock', 1, 0, 0, 'certain'],
    ]);
    expect(routes(windows, [write(3_000, { trace: 'a' })])).toEqual([
      ['/login', 0, 1, 0, 'possible'],
      ['/stock', 0, 1, 0, 'possible'],
    ]);
  });

  test.each([
    ['/stock/:sku/count', 'express'],
    ['%2Fstock%2F%7Bid%7D%2Fcount', 'percent-encoded'],
    ['^stock/(?P<pk>\\d+)/count/$', 'django'],
    ['stock/<int:pk>/count', 'flask'],
  ])('a route is certain in any spelling: %s', (route) => {
    const windows = [
      window('/stock/:id/count', 1_000, 2_000),
      window('/api/products', 1_000, 2_000, own),
    ];
    expect(routes(windows, [write(1_500, { route })])).toEqual([
      ['/stock/:id/count', 1, 0, 0, 'certain'],
    ]);
  });

  test('so is a path in the application’s name', () => {
    const windows = [window('/stock', 1_000, 2_000), window('/login', 1_000, 2_000)];
    expect(routes(windows, [write(1_500, { application: 'shop POST /stock?x=1' })])).toEqual([
      ['/stock', 1, 0, 0, 'certain'],
    ]);
  });

  test.each(['/usr/local/bin/rake', 'celery /srv/shop/app.py', 'nightly'])(
    'a program in it is no request: %s',
    (application) =>
      expect(join([window('/stock', 1_000, 2_000)], [write(9_000, { application })])).toMatchObject(
        {
          routes: [],
          past: [{ application, writes: 1 }],
        },
      ),
  );

  test('a route that no facade had under way is told without a method, once; the context’s own is no finding', () => {
    const found = join(
      [window('/stock', 1_000, 1_100)],
      [
        write(9_000, { route: '/seen/:id' }),
        write(9_001, { route: '/seen/{key}' }),
        write(9_002, { route: '/api/products' }),
        write(9_003, { route: '/api/feed/a/b' }),
      ],
    );
    expect(found).toMatchObject({
      claimed: 2,
      past: [],
      routes: [{ method: null, path: '/seen/:id', requests: 0, certain: 2, verdict: 'certain' }],
    });
  });

  test('the surest come first, then the most written', () => {
    const windows = [
      ...record,
      window('/a', 1_000, 1_100),
      window('/b', 3_000, 3_100),
      window('/c', 3_050, 3_100),
      window('/d', 7_000, 7_100, { traces: ['d'] }),
    ];
    const writes = [
      write(1_050),
      write(3_020, { writer: '2' }),
      write(3_060, { writer: '2' }),
      write(500_000, { writer: '2' }),
      write(7_050, { trace: 'd', writer: '3' }),
    ];
    expect(routes(windows, writes).map(([path]) => path)).toEqual(['/d', '/a', '/b', '/c']);
  });
});
