import { expect, test } from '@jest/globals';
import type { ShadowResult } from '../../steps/shadow.ts';
import { shadowText } from './shadow.ts';

const counts = {
  match: 7,
  mismatch: 1,
  stale: 2,
  'candidate-error': 3,
  'candidate-timeout': 4,
  uncomparable: 5,
  dropped: 6,
};
const result = (samples: object[]): ShadowResult => ({
  context: 'catalog',
  stage: 'shadowing',
  traffic: { requests: 4, anonymous: 4, identities: 0, shares: [] },
  routes: [{ route: 'list', counts, compared: 15, real: 8 }],
  samples: samples.map((detail, id) => ({
    id,
    route: 'list',
    outcome: 'mismatch',
    at: 'now',
    detail: { ...detail },
  })),
});

test('differences, errors and time-outs have a column each', () => {
  const [head, names, values] = shadowText(result([])).split('\n');
  expect(head).toBe(
    'catalog: stage shadowing; 4 steered requests in the last day, 100 % without identity, 0 identities seen',
  );
  expect(names?.trim().split(/ +/)).toEqual([
    'route',
    'compared',
    'match',
    'differ',
    'error',
    'timeout',
    'stale',
    'uncomparable',
    'dropped',
  ]);
  expect(values?.trim().split(/ +/)).toEqual(['list', '15', '7', '1', '3', '4', '2', '5', '6']);
});

test('what never happened has no column, and is named below', () => {
  const clean = { ...counts, 'candidate-error': 0, uncomparable: 0 };
  const said = shadowText({
    ...result([]),
    routes: [{ route: 'list', counts: clean, compared: 8, real: 1 }],
  });
  expect(said.split('\n').slice(1)).toEqual([
    'route  compared  match  differ  timeout  stale  dropped',
    'list   8         7      1       4        2      6',
    'none: error, uncomparable',
  ]);
  expect(shadowText({ ...result([]), routes: [] })).toMatch(/\nnothing compared yet$/);
});

test('lists in another order are called that, with the line to paste', () => {
  const said = shadowText(
    result([
      { differences: [{ path: '/x', onlyOrder: true }], propose: { unordered: ['/x'] } },
      { differences: [{ path: '/x', onlyOrder: true }], propose: { unordered: ['/x', '/y'] } },
      { differences: [{ path: '/x', onlyOrder: true }, { path: '/z' }] },
    ]),
  );
  expect(said.match(/mismatch \(order only\)/g)).toHaveLength(2);
  expect(said.split('\n').at(-1)).toBe(
    "list could have, if that is all right:  compare: { unordered: ['/x', '/y'] }",
  );
});

test('masks and ignored fields are spelt as a context file spells them', () => {
  const said = shadowText(
    result([
      {
        propose: {
          ignore: [{ path: '/a', reason: 'it’s new' }],
          masks: [{ selector: "p[title='a']", reason: 'x' }],
        },
      },
    ]),
  );
  expect(said.split('\n').at(-1)).toBe(
    "list could have, if that is all right:  compare: { ignore: [{ path: '/a', reason: 'it’s new' }], " +
      "masks: [{ selector: 'p[title=\\'a\\']', reason: 'x' }] }",
  );
});

test('a sample says what was asked and where the answers part, not as JSON; what was only behind is counted, not shown', () => {
  const differences = ['/a', '/b', 'status', '/d'].map((path, n) => ({
    path,
    reference: n,
    ...(n > 0 && { candidate: 'x'.repeat(100) }),
  }));
  const all = result([{ method: 'GET', path: '/items/1', query: ['page'], differences }]);
  const said = shadowText(all).split('\n').slice(3);
  expect(said).toEqual([
    'now  list  mismatch  GET /items/1?page',
    '      /a: monolith 0, service nothing',
    `      /b: monolith 1, service "${'x'.repeat(78)}…`,
    `      status: monolith 2, service "${'x'.repeat(78)}…`,
    '      and 1 more (--json shows all)',
  ]);
  const stale = { ...all, samples: all.samples.map((each) => ({ ...each, outcome: 'stale' })) };
  expect(shadowText(stale as ShadowResult).split('\n')).toHaveLength(3);
});
