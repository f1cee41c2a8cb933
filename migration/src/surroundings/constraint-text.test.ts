import { expect, test } from '@jest/globals';
import { listsAll, readConstraintText } from './constraint-text.ts';

const own = new Set(['state', 'Total', 'size', 'text', 'lower']);
const read = (text: string, names: Record<string, string | null> = {}) =>
  readConstraintText(text, own, (column) => (column in names ? names[column]! : column));

test('columns are called as the other side calls them, in quotes or not, and nothing else is', () => {
  const { text, columns } = read(
    `CHECK (((state <> 'state "Total"'::text) AND ("Total" > size) AND (lower("Total") = lower)))`,
    { state: 'status', Total: 'to"tal', lower: 'small' },
  );
  expect(text).toBe(
    `CHECK ((("status" <> 'state "Total"') AND ("to""tal" > "size") AND (lower("to""tal") = "small")))`,
  );
  expect(columns).toEqual(['state', 'Total', 'size', 'lower']);
});

test('a column that the other side does not have leaves no text to compare', () => {
  expect(read('CHECK ((size > 0))', { size: null })).toEqual({ text: null, columns: ['size'] });
  expect(read('CHECK (true)')).toEqual({ text: 'CHECK (true)', columns: [] });
});

test.each([
  [
    `CHECK (((state)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))`,
    `CHECK ((state = ANY (ARRAY['a'::text, 'b'::text])))`,
  ],
  [`CHECK ((state = 'a'::bpchar)) NOT VALID`, `CHECK (((state)::text = 'a'::text)) NO INHERIT`],
  ['CHECK ((size > (0)::numeric))', 'CHECK ((size > 0))'],
  ['CHECK ((size > (-1.5)::double precision))', 'CHECK ((size > -1.5))'],
  ['UNIQUE (state) DEFERRABLE INITIALLY DEFERRED', 'UNIQUE (state)'],
])('%s says what %s says', (one, other) => {
  expect(read(one).text).toBe(read(other).text);
});

test.each([
  [`CHECK (((size)::integer > 0))`, `CHECK ((size > 0))`],
  [`CHECK ((state = 'a ::text'::text))`, `CHECK ((state = 'a '::text))`],
  [`CHECK (((a OR b) AND c))`, `CHECK ((a OR (b AND c)))`],
  [`CHECK ((size > (10)::numeric(3,1)))`, `CHECK ((size > 10))`],
  [`CHECK (((state)::character varying(3) <> 'abc'))`, `CHECK ((state <> 'abc'))`],
  [`CHECK ((state <> ' NOT VALID'::text))`, `CHECK ((state <> ''::text))`],
])('%s does not say what %s says', (one, other) => {
  expect(read(one).text).not.toBe(read(other).text);
});

test('a list of values takes all of others only where it is one', () => {
  const list = read(`CHECK ((state = ANY (ARRAY['it''s'::text, 'b'::text])))`).text ?? '';
  expect(listsAll(list, ["it's", 'b'])).toBe(true);
  expect(listsAll(list, ["it's", 'c'])).toBe(false);
  expect(listsAll(read(`CHECK ((state = 'b'::text))`).text ?? '', ['b'])).toBe(true);
  expect(listsAll(read(`CHECK ((state <> ALL (ARRAY['b'::text])))`).text ?? '', ['b'])).toBe(false);
  expect(
    listsAll(read(`CHECK (((state = ANY (ARRAY['a'::text])) OR (size > 0)))`).text ?? '', ['a']),
  ).toBe(false);
});
