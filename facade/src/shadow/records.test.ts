import { describe, expect, test } from '@jest/globals';
import type { Difference } from './difference.ts';
import type { Verdict } from './judge.ts';
import { sampleOf, shadowCountKey } from './records.ts';

const sample = (
  differences: readonly Difference[],
  redact?: readonly string[],
  more: Partial<Verdict> = {},
  show: readonly string[] = ['', 'header:location'],
) =>
  sampleOf({
    context: 'items',
    route: {
      name: 'one',
      method: 'GET',
      path: '/items/:id',
      kind: 'read',
      compare: { show, ...(redact && { redact }) },
    },
    verdict: { outcome: 'mismatch', differences, ...more },
    method: 'GET',
    path: '/items/7',
    search: '?user=ann&user=bob&page=2',
    epoch: '3',
    fingerprint: (text) => `mark of ${text}`,
  });
const kept = (difference: Omit<Difference, 'path'> & { path?: string }, ...redact: string[]) =>
  (sample([{ path: '/name', ...difference }], redact).detail.differences as Difference[])[0];

describe('a sample of what differed', () => {
  test('tells route, question and values, of the query only the names', () => {
    expect(
      sample([{ path: '/name', reference: 'chair', candidate: 'table' }], undefined, {
        statuses: { reference: 200, candidate: 404 },
        cause: 'because',
      }),
    ).toEqual({
      context: 'items',
      route: 'one',
      outcome: 'mismatch',
      detail: {
        method: 'GET',
        path: '/items/:id',
        query: ['user', 'user', 'page'],
        epoch: '3',
        statuses: { reference: 200, candidate: 404 },
        cause: 'because',
        differences: [{ path: '/name', reference: 'chair', candidate: 'table' }],
      },
    });
    expect(Object.keys(sample([]).detail)).toEqual([
      'method',
      'path',
      'query',
      'epoch',
      'differences',
    ]);
  });

  test('is short: twenty differences, two hundred characters of a value', () => {
    const many = Array.from({ length: 30 }, (_, index) => ({
      path: `/${index}`,
      reference: index,
      candidate: -index,
    }));
    expect(sample(many).detail.differences).toHaveLength(20);
    const long = { text: 'x'.repeat(300) };
    expect(kept({ reference: 'x'.repeat(201), candidate: 'y'.repeat(200) })).toEqual({
      path: '/name',
      reference: `${'x'.repeat(200)}…`,
      candidate: 'y'.repeat(200),
    });
    expect(kept({ reference: long, candidate: 1 })?.reference).toBe(
      `${JSON.stringify(long).slice(0, 200)}…`,
    );
  });

  test('says that only the order differs, and what could be a rule', () => {
    const onlyOrder = {
      path: '/tags',
      reference: ['a'],
      candidate: ['b'],
      onlyOrder: true,
    } as const;
    expect(sample([onlyOrder]).detail).toMatchObject({
      differences: [onlyOrder],
      propose: { unordered: ['/tags'] },
    });
  });
});

describe('what a route does not show', () => {
  test('is kept as kind, size and fingerprint', () => {
    const of = (reference: unknown) =>
      (
        sample([{ path: '/name', reference, candidate: '(absent)' }], undefined, {}, []).detail
          .differences as Difference[]
      )[0];
    for (const [value, expected] of [
      ['chair', 'text of 5 #mark of "chair"'],
      [7, 'number #mark of 7'],
      [[1, 2], 'list of 2 #mark of [1,2]'],
      [{ a: 1 }, 'object of 1 #mark of {"a":1}'],
      [true, true],
      [null, null],
    ])
      expect(of(value)).toEqual({ path: '/name', reference: expected, candidate: '(absent)' });
  });

  test('but says what no person wrote: status, digests, headers that say how to read an answer', () => {
    const told = [
      { path: 'status', reference: 200, candidate: 404 },
      { path: 'body', reference: 'sha256:0 (3 bytes)', candidate: 'sha256:1 (3 bytes)' },
      { path: 'header:vary', reference: 'accept', candidate: '(absent)' },
      { path: 'header:set-cookie/sid', reference: 'httponly; path=/', candidate: '(absent)' },
    ];
    expect(sample(told, undefined, {}, []).detail.differences).toEqual(told);
    const location = { path: 'header:location', reference: '/a', candidate: '/b' };
    expect(sample([location], undefined, {}, ['']).detail.differences).toMatchObject([
      { reference: 'text of 2 #mark of "/a"' },
    ]);
    expect(sample([location], undefined, {}, ['header:Location']).detail.differences).toEqual([
      location,
    ]);
  });

  test('is everything beside what it lists, also below and above', () => {
    const differences = ['/a', '/a/b', '/a/b/c', '/ab'].map((path) => ({
      path,
      reference: 'x',
      candidate: 'y',
    }));
    const shown = sample(differences, undefined, {}, ['/a/*']).detail.differences as Difference[];
    expect(shown.map(({ reference }) => reference === 'x')).toEqual([false, true, true, false]);
  });

  test('is never what is called a secret, whatever it lists', () => {
    const differences = ['/user/password', '/token', '/a/apiKey', 'header:set-cookie'].map(
      (path) => ({ path, reference: 'x', candidate: 'y' }),
    );
    const listed = ['', '/token', 'header:set-cookie'];
    const shown = sample(differences, undefined, {}, listed).detail.differences as Difference[];
    for (const { reference, candidate } of shown)
      expect([reference, candidate]).toEqual(['(redacted)', '(redacted)']);
  });

  test('may hide in keys, names of the query and causes', () => {
    const at = '/users/ann@example.com/age';
    const { detail } = sample([], undefined, {
      differences: [{ path: at, reference: 1, candidate: 2 }],
      noise: [{ path: at, reference: 1, candidate: 2 }],
      cause: 'no user ann@example.com',
    });
    expect(detail).toMatchObject({
      cause: 'no user (e-mail)',
      differences: [{ path: '/users/(e-mail)/age' }],
      propose: { ignore: [{ path: '/users/*/age' }] },
    });
  });
});

describe('what a route redacts', () => {
  const secret = { reference: 'secret', candidate: 'other secret' };
  test.each([
    ['/code', '/code'],
    ['/code/inner/0', '/code'],
    ['/items/3/code', '/items/*/code'],
    ['/', '/'],
  ])('%s is told by its place only, by the rule %s', (path, rule) => {
    expect(kept({ path, ...secret }, '/else', rule)).toEqual({
      path,
      reference: '(redacted)',
      candidate: '(redacted)',
    });
  });

  test.each([
    ['/items/3/name', '/items/*/token'],
    ['/codes', '/code'],
    ['header:location', '/header:location'],
  ])('%s is not meant by the rule %s', (path, rule) => {
    expect(kept({ path, ...secret }, rule)).toEqual({ path, ...secret });
  });

  test.each([
    ['the whole answer', '', '/user/token'],
    ['an object', '/user', '/user/token'],
    ['an object in a list', '/items/3', '/items/*/user/token'],
    ['a list', '/items', '/items/*/token'],
  ])('is not told either inside %s that one side lacks', (_what, path, rule) => {
    for (const whole of [{ token: 'secret', a: [1] }, [{ token: 'secret' }]]) {
      const expected = '(holds redacted fields)';
      expect(kept({ path, reference: whole, candidate: '(absent)' }, rule)).toEqual({
        path,
        reference: expected,
        candidate: '(absent)',
      });
      expect(kept({ path, reference: '(absent)', candidate: whole }, rule)?.candidate).toBe(
        expected,
      );
    }
  });

  test('hides nothing where no rule goes deeper', () => {
    const value = { reference: { a: 1 }, candidate: null };
    expect(kept({ path: '/user/name', ...value }, '/user/token')).toMatchObject(value);
    expect(kept({ path: '', ...value })).toMatchObject(value);
  });
});

test('counts are apart by context, route, outcome and epoch', () => {
  const entry = { context: 'a', route: 'b', outcome: 'match', epoch: '1', count: 1 } as const;
  const keys = [
    entry,
    { ...entry, context: 'b', route: 'a' },
    { ...entry, outcome: 'dropped' as const },
    { ...entry, epoch: '2' },
    { ...entry, count: 2 },
  ].map(shadowCountKey);
  expect(new Set(keys).size).toBe(4);
  expect(keys[4]).toBe(keys[0]);
});
