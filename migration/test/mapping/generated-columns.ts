import type { TargetTable } from '@strangler-toolkit/plan';

/** A column on both sides: what it holds by a number, and how it is compared. */
export interface Column {
  readonly name: string;
  /** Of the monolith and of the service. */
  readonly types: readonly [string, string];
  readonly line: (to: string) => TargetTable['columns'][string];
  /** SQL of the monolith's value, and of the service's. */
  readonly value: (n: string) => string;
  readonly valueThere: (n: string) => string;
  /** SQL of the monolith's value in the service's form, in this test's own words. */
  readonly there: (column: string) => string;
}

type Written = Pick<Column, 'types' | 'value'> & Partial<Column>;
const column = ({ value, ...rest }: Written): Column => ({
  name: 'k',
  line: (to) => to,
  valueThere: value,
  there: (name) => name,
  value,
  ...rest,
});
const alike = (type: string, value: Column['value']): Column =>
  column({ types: [type, type], value });
const uuid = (n: string): string => `md5((${n})::text)::uuid`;
const uuidAsText = column({
  types: ['uuid', 'text'],
  line: (to) => ({ to, as: 'uuid-to-text' }),
  value: uuid,
  valueThere: (n) => `(${uuid(n)})::text`,
  there: (name) => `${name}::text`,
});
const even = (n: string): string => `(${n}) % 2 = 0`;

export const columns: readonly Column[] = [
  alike('text', (n) => `'text ' || (${n})`),
  column({ types: ['integer', 'bigint'], value: (n) => `(${n}) * 3` }),
  alike('numeric(12,2)', (n) => `(${n}) * 1.25`),
  alike('boolean', even),
  alike(
    'timestamptz',
    (n) => `timestamptz '2024-01-01 00:00:00.123456+00' + (${n}) * interval '1 hour'`,
  ),
  alike('jsonb', (n) => `jsonb_build_object('n', ${n}, 'none', NULL)`),
  alike('text[]', (n) => `ARRAY['a,' || (${n}), NULL, 'q"uote']`),
  alike('bytea', (n) => `decode(md5((${n})::text), 'hex')`),
  // large ones lie outside of the row, and changes of other columns leave them out
  alike('text', (n) => `CASE WHEN (${n}) % 5 = 0 THEN repeat(md5((${n})::text), 300) ELSE '' END`),
  column({
    types: ['integer', 'numeric(12,2)'],
    line: (to) => ({ to, as: 'cents-to-decimal' }),
    value: (n) => `(${n}) * 7`,
    valueThere: (n) => `(${n}) * 7 / 100.0`,
    there: (name) => `(${name} / 100.0)::numeric(12,2)`,
  }),
  column({
    types: ['char(1)', 'boolean'],
    line: (to) => ({ to, as: 'letters-to-boolean', letters: { true: 'Y', false: 'N' } }),
    value: (n) => `CASE WHEN ${even(n)} THEN 'Y' ELSE 'N' END`,
    valueThere: even,
    there: (name) => `${name} = 'Y'`,
  }),
  column({
    types: ['bigint', 'timestamptz'],
    line: (to) => ({ to, as: 'epoch-seconds-to-timestamptz' }),
    value: (n) => `1700000000 + (${n})`,
    valueThere: (n) => `to_timestamp(1700000000 + (${n}))`,
    there: (name) => `to_timestamp(${name})`,
  }),
  column({
    types: ['timestamp', 'timestamptz'],
    line: (to) => ({ to, zone: 'UTC' }),
    value: (n) => `timestamp '2024-03-31 01:30:00' + (${n}) * interval '1 minute'`,
    valueThere: (n) =>
      `(timestamp '2024-03-31 01:30:00' + (${n}) * interval '1 minute') AT TIME ZONE 'UTC'`,
    there: (name) => `${name} AT TIME ZONE 'UTC'`,
  }),
  column({
    types: ['text', 'text'],
    line: (to) => ({ to, values: { on: 'active', off: 'hidden' } }),
    value: (n) => `CASE WHEN ${even(n)} THEN 'on' ELSE 'off' END`,
    valueThere: (n) => `CASE WHEN ${even(n)} THEN 'active' ELSE 'hidden' END`,
    there: (name) => `CASE ${name} WHEN 'on' THEN 'active' WHEN 'off' THEN 'hidden' END`,
  }),
  uuidAsText,
].map((one) => ({
  ...one,
  value: (n: string) => `CASE WHEN (${n}) % 11 <> 0 THEN ${one.value(n)} END`,
  valueThere: (n: string) => `CASE WHEN (${n}) % 11 <> 0 THEN ${one.valueThere(n)} END`,
}));

export const keys: readonly (readonly Column[])[] = [
  [alike('bigint', (n) => n)],
  [alike('text', (n) => `'key ' || (${n})`)],
  [
    column({ types: ['integer', 'bigint'], value: (n) => n }),
    { ...alike('text', (n) => `'part ' || (${n}) % 3`), name: 'k2' },
  ],
  [uuidAsText],
];
