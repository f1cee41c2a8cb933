import { describe, expect, test } from '@jest/globals';
import { answerForm, FormPace, madeUp } from './answer-form.ts';
import type { MirroredRead } from './mirror.ts';

const read = (search = '', compare: object = {}, headers: object = {}): MirroredRead =>
  ({
    route: { context: 'shop', definition: { name: 'list', method: 'GET', path: '/p', compare } },
    method: 'GET',
    target: { path: '/p/ann', search },
    headers,
  }) as unknown as MirroredRead;
const answer = (body: unknown, type = 'application/json') => ({
  status: 200,
  headers: { 'content-type': type },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const bodyOf = (body: unknown, compare = {}): unknown => {
  const { detail } = answerForm(read('', compare), answer(body));
  return typeof detail.body === 'string' ? JSON.parse(detail.body) : undefined;
};

describe('a form of an answer', () => {
  test('has kinds, forms of texts and what is null or empty, and no value', () =>
    expect(
      bodyOf({
        id: 4711,
        weight: 2.25,
        big: 1e30,
        active: false,
        name: 'Ann Miller',
        mail: 'ann@shop.example',
        price: '-19.90',
        at: '2026-11-30T00:12:13.456Z',
        day: '2026-11-30',
        uuid: '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10',
        none: null,
        empty: [],
        blank: '',
      }),
    ).toEqual({
      id: 1,
      weight: 1.5,
      big: 1.5,
      active: true,
      name: 'text',
      mail: 'text',
      price: '1.00',
      at: '2000-01-31T12:00:00.000Z',
      day: '2000-01-31',
      uuid: '00000000-0000-4000-8000-000000000000',
      none: null,
      empty: [],
      blank: '',
    }));

  test('says each form of what a list holds once, and what a map is keyed by not at all', () =>
    expect(
      bodyOf({
        items: [{ a: 1 }, { a: 2 }, { a: null }],
        by: { 'ann@shop.example': 1, '4711': 2, '7f3e0c52-64c5-4f8e-a1c9-0d6f7c1b2a10': 3, ok: 4 },
      }),
    ).toEqual({ items: [{ a: 1 }, { a: null }], by: { ok: 1 } }));

  test('keeps words that the route shows, and those only', () => {
    const body = { state: 'on_sale', name: 'Ann', card: '4111 1111', token: 'abc' };
    const show = ['/state', '/card', '/token', '/name'];
    expect(bodyOf(body, { show, redact: ['/name'] })).toEqual({
      state: 'on_sale',
      name: 'text',
      card: 'text',
      token: 'text',
    });
  });

  test('has names of a query and of what signs in, in no order of theirs, and neither path nor value', () => {
    const headers = { authorization: 'Bearer abc', accept: '*/*' };
    const { detail } = answerForm(read('?sort=price&page=2&sort=x', {}, headers), answer({}));
    expect(detail).toEqual({
      method: 'GET',
      query: ['page', 'sort'],
      signedIn: ['authorization'],
      status: 200,
      contentType: 'application/json',
      body: '{}',
    });
    expect(JSON.stringify(detail)).not.toMatch(/ann|abc|price/);
  });

  test.each([
    ['no JSON', '<p>', 'text/html'],
    ['what says JSON and is none', '{', 'application/json'],
    ['a name twice', '{"a":1,"a":2}', 'application/json'],
    ['a large body', JSON.stringify('x'.repeat(70_000)), 'application/json'],
  ])('has no body of %s', (_what, body, type) => {
    const { detail } = answerForm(read(), answer(body, type));
    expect(detail.body === undefined || detail.body === '{}').toBe(true);
  });

  test('is one for answers of the same form, and another for others', () => {
    const hash = (body: unknown): string => answerForm(read(), answer(body)).hash;
    expect(hash({ a: 1 })).toBe(hash({ a: 2 }));
    expect(hash({ a: 1 })).not.toBe(hash({ a: '1' }));
  });
});

test.each([
  ['2026-11-30 10:11:12', '2000-01-31 12:00:00'],
  ['2026-11-30T10:11:12.5+02:00', '2000-01-31T12:00:00.0+00:00'],
  ['10:11', '12:00'],
  ['007', '1'],
  ['1.2.3', 'text'],
])('%s is made up as %s', (text, expected) => expect(madeUp(text)).toBe(expected));

test('two of a kind are looked at in a second, and all kinds', () => {
  const pace = new FormPace(2);
  const asked = ['a', 'a', 'a', 'b'].map((key) => pace.allows(key, 1_500));
  expect(asked).toEqual([true, true, false, true]);
  expect(pace.allows('a', 2_000)).toBe(true);
});
