import type { TableMapping, TargetTable } from '@strangler-toolkit/plan';
import { type Column, columns, keys } from './generated-columns.ts';

export const kinds = [
  'plain',
  'partitions',
  'split',
  'where',
  'key where',
  'by kind',
  'to one',
] as const;

/** How one or several tables of the monolith become one or several of the service. */
export interface Plan {
  readonly kind: (typeof kinds)[number];
  readonly key: number;
  readonly columns: readonly number[];
}

export type Side = 'monolith' | 'service';

/** A table on one side, as statements need it. `x` is the number of a row. */
export interface Table {
  readonly side: Side;
  readonly name: string;
  readonly key: readonly Column[];
  readonly columns: readonly Column[];
  /** What tells a row's kind or its tenant, and how rows pass to the next one. */
  readonly told?: {
    readonly name: string;
    readonly type: string;
    readonly value: string;
    readonly next: string;
  };
  /** Of another table that rows pass to. */
  readonly next?: string;
  /** Rows that may be made here. */
  readonly only?: string;
  /** A part of a row, without its number: the first part has it. */
  readonly partOf?: string;
}

export interface Made {
  readonly mappings: readonly TableMapping[];
  readonly tables: readonly Table[];
  readonly ddl: Readonly<Record<Side, string>>;
  /** What must be the same, in the service's form. */
  readonly same: Readonly<Record<Side, string>>;
}

export const named = (side: Side, name: string): string =>
  side === 'monolith' ? name : `${name}_s`;

const typed = (side: Side, list: readonly Column[]): string[] =>
  list.map(({ name, types }) => `${named(side, name)} ${types[side === 'monolith' ? 0 : 1]}`);

function create(table: Table, more = ''): string {
  const { side, name, key, told, partOf } = table;
  const lines = [
    ...typed(side, key),
    ...typed(side, table.columns),
    ...(partOf === undefined ? ['x integer'] : []),
    ...(told === undefined ? [] : [`${told.name} ${told.type} NOT NULL`]),
  ];
  const primary = key.map((one) => named(side, one.name));
  if (side === 'service' && told?.name === 'sort') primary.push('sort');
  return `CREATE TABLE ${name} (${lines.join(', ')}, PRIMARY KEY (${primary.join(', ')}))${more};`;
}
const full = (name: string): string => `ALTER TABLE ${name} REPLICA IDENTITY FULL;`;

const reason = { reason: 'the test gives them out' };

export function make(plan: Plan, index: number): Made {
  const key = keys[plan.key] ?? [];
  const own = plan.columns.map((number, at) => ({ ...columns[number]!, name: `c${at}` }));
  const [m, s] = [`m${index}`, `s${index}`];
  const lines = (list: readonly Column[]): TargetTable['columns'] =>
    Object.fromEntries([...key, ...list].map(({ name, line }) => [name, line(`${name}_s`)]));
  const ids = Object.fromEntries(key.map(({ name }) => [name, reason]));
  const whole = { ...lines(own), x: 'x' };
  const at = (side: Side, name: string, list: readonly Column[] = own): Table => ({
    side,
    name,
    key,
    columns: list,
  });
  const there = [...key, ...own].map(({ name, there: form }) => form(name)).join(', ');
  const here = [...key, ...own].map(({ name }) => `${name}_s`).join(', ');
  const made = (
    mappings: readonly TableMapping[],
    tables: readonly Table[],
    same: readonly [string, string],
    { after = '', partitions = '' } = {},
  ): Made => {
    const ddl = (side: Side): string =>
      tables
        .filter((table) => table.side === side)
        .map((table) => create(table, side === 'monolith' ? partitions : ''))
        .join(' ');
    return {
      mappings,
      tables,
      ddl: { monolith: ddl('monolith') + after, service: ddl('service') },
      same: { monolith: same[0], service: same[1] },
    };
  };
  switch (plan.kind) {
    case 'plain':
    case 'partitions':
      return made(
        [{ monolith: m, service: [{ table: s, columns: whole }], ids }],
        [at('monolith', m), at('service', s)],
        [`SELECT ${there}, x FROM ${m}`, `SELECT ${here}, x FROM ${s}`],
        plan.kind === 'plain'
          ? {}
          : {
              partitions: ' PARTITION BY HASH (k)',
              after: [0, 1]
                .map(
                  (part) =>
                    `CREATE TABLE ${m}_${part} PARTITION OF ${m} FOR VALUES WITH (MODULUS 2, REMAINDER ${part});`,
                )
                .join(' '),
            },
      );
    case 'split': {
      const [first, rest] = [own.slice(0, 1), own.slice(1)];
      const using = key.map(({ name }) => `${name}_s`).join(', ');
      return made(
        [
          {
            monolith: m,
            service: [
              { table: s, columns: { ...lines(first), x: 'x' } },
              { table: `${s}b`, columns: lines(rest) },
            ],
            ids,
          },
        ],
        [
          at('monolith', m),
          { ...at('service', `${s}b`, rest), partOf: s },
          at('service', s, first),
        ],
        [`SELECT ${there}, x FROM ${m}`, `SELECT ${here}, x FROM ${s} JOIN ${s}b USING (${using})`],
      );
    }
    case 'where':
    case 'key where': {
      const value = 'x % 4';
      const told = { type: 'integer', value };
      const columnsToo = { ...whole, tenant: 'tenant_s' };
      const inKey: Column = {
        ...columns[0]!,
        name: 'tenant',
        types: ['integer', 'integer'],
        value: () => value,
        valueThere: () => value,
      };
      const telling = (table: Table, next: string): Table =>
        plan.kind === 'where'
          ? { ...table, told: { ...told, name: named(table.side, 'tenant'), next } }
          : { ...table, key: [...key, inKey] };
      return made(
        [
          {
            monolith: m,
            where: { tenant: ['1', '2'] },
            service: [{ table: s, columns: columnsToo }],
            ids,
          },
        ],
        [
          telling(at('monolith', m), '(tenant + 1) % 4'),
          { ...telling(at('service', s), '3 - tenant_s'), only: 'x % 4 IN (1, 2)' },
        ],
        [
          `SELECT ${there}, x, tenant FROM ${m} WHERE tenant = 1 OR tenant = 2`,
          `SELECT ${here}, x, tenant_s FROM ${s}`,
        ],
        { after: full(m) },
      );
    }
    case 'by kind': {
      const both = ['a', 'b'] as const;
      const next = `translate(kind, 'abc', 'bca')`;
      const told = { name: 'kind', type: 'text', value: `substr('abc', 1 + x % 3, 1)`, next };
      return made(
        both.map((value) => ({
          monolith: m,
          where: { kind: value },
          service: [{ table: `${s}${value}`, columns: whole }],
          ids,
        })),
        [
          { ...at('monolith', m), told },
          { ...at('service', `${s}a`), only: 'x % 3 = 0', next: `${s}b` },
          { ...at('service', `${s}b`), only: 'x % 3 = 1', next: `${s}a` },
        ],
        [
          `SELECT kind, ${there}, x FROM ${m} WHERE kind <> 'c'`,
          both
            .map((value) => `SELECT '${value}' AS kind, ${here}, x FROM ${s}${value}`)
            .join(' UNION ALL '),
        ],
        { after: full(m) },
      );
    }
    case 'to one': {
      const both = ['x', 'y'] as const;
      const next = `translate(sort, 'xy', 'yx')`;
      const told = { name: 'sort', type: 'text', value: `substr('xy', 1 + x % 2, 1)`, next };
      return made(
        both.map((value) => ({
          monolith: `${m}${value}`,
          service: [{ table: s, columns: whole, constants: { sort: value } }],
          ids,
        })),
        [
          { ...at('monolith', `${m}x`), only: 'x % 2 = 0', next: `${m}y` },
          { ...at('monolith', `${m}y`), only: 'x % 2 = 1', next: `${m}x` },
          { ...at('service', s), told },
        ],
        [
          both
            .map((value) => `SELECT '${value}' AS sort, ${there}, x FROM ${m}${value}`)
            .join(' UNION ALL '),
          `SELECT sort, ${here}, x FROM ${s}`,
        ],
      );
    }
  }
}
