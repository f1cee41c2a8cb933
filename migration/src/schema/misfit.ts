import { otherSide, type StranglerError } from '@strangler-toolkit/plan';
import { tableName, tablesOn } from '../mapping/compiled-mapping.ts';
import { commonType } from '../mapping/type-compatibility.ts';
import type { SchemaChange } from './change.ts';
import type { OrderedStep, SchemaFinding } from './finding.ts';
import { otherEnd, type Place, placeOf } from './place.ts';

const lineOf = (message: string): string | null =>
  /^(contexts\/[^:]+: tables\[\d+\][^:\s]*)/.exec(message)?.[1] ?? null;

/** What a column or table that is gone is called now; null: it was dropped, or nobody can tell. */
function nameNow(
  { before, after, same }: Pick<SchemaChange, 'before' | 'after' | 'same'>,
  table: string,
  column: string | null,
): string | null {
  const was = before.shapes.find(({ name }) => name === table);
  const is = after.shapes.find(({ oid }) => oid === was?.oid);
  if (!same || was === undefined || is === undefined) return null;
  if (column === null) return is.name === table ? null : is.name;
  const number = Object.entries(was.columns).find(([, name]) => name === column)?.[0];
  return number === undefined ? null : (is.columns[number] ?? null);
}

/** Something that is mapped, on the side that changes. */
interface Mapped {
  readonly line: string | null;
  readonly table: string;
  readonly column: string;
}

const mappingStep = (text: string): OrderedStep => ({ phase: 'mapping', side: null, text });

/** What the changed tables have that the mapping cannot carry. */
export function misfit(change: SchemaChange, problem: StranglerError): SchemaFinding {
  const line = lineOf(problem.message);
  const place = placeOf(change.definition, line ?? '');
  const { side } = change;
  const [table, column] = [place.table[side], place.column[side]];
  const about = problem.message.slice(line === null ? 0 : line.length + 2);
  const base = { effect: 'stops' as const, table, column, line, what: about };
  if (problem.code === 'TABLE_MISSING' && table !== null)
    return { ...base, ...goneTable(change, table, line) };
  if (problem.code === 'COLUMN_MISSING' && table !== null && column !== null)
    return { ...base, ...goneColumn(change, { line, table, column }, place) };
  if (problem.details.to !== undefined && table !== null && column !== null)
    return { ...base, steps: otherType(change, { line, table, column }, place) };
  const needed = /([^\s.]+) is NOT NULL without a default/.exec(about)?.[1];
  if (needed !== undefined)
    return {
      ...base,
      column: needed,
      steps: neededColumn(change, { line, table: table ?? '', column: needed }),
    };
  return { ...base, steps: [mappingStep(problem.remedy)] };
}

type Told = Pick<SchemaFinding, 'what' | 'steps'>;

function goneTable(change: SchemaChange, table: string, line: string | null): Told {
  const now = nameNow(change, table, null);
  if (now === null)
    return {
      what: `${table} is dropped`,
      steps: [
        mappingStep(
          `Take ${line ?? table} out of the context file and start the worker with strangler replicate --reread`,
        ),
      ],
    };
  return {
    what: `${table} is renamed to ${now}`,
    steps: [
      {
        phase: 'contract',
        side: change.side,
        text: `Rename ${table} to ${now} when the worker has caught up; it stops`,
      },
      {
        phase: 'contract',
        side: null,
        text:
          `Then write ${now} in ${line ?? 'the mapping'} and start the worker with strangler ` +
          'replicate --reread, which compares the table',
      },
    ],
  };
}

function goneColumn(change: SchemaChange, mapped: Mapped, place: Place): Told {
  const { side } = change;
  const { line, table, column } = mapped;
  const other = otherEnd(place, side);
  const now = nameNow(change, table, column);
  const drop: OrderedStep = { phase: 'contract', side, text: `Drop ${table}.${column}` };
  if (now !== null)
    return {
      what: `${table}.${column} is renamed to ${now}, and mapped to ${other}`,
      steps: [
        {
          phase: 'expand',
          side,
          text: `Add ${table}.${now} beside ${column}, keep both equal (a trigger, or the application writes both) and fill it`,
        },
        mappingStep(
          `Write ${now} instead of ${column} in ${line ?? 'the mapping'} and start the worker again; it reads the table again`,
        ),
        drop,
      ],
    };
  const needs: OrderedStep = {
    phase: 'expand',
    side: otherSide(side),
    text: `Let ${other} do without it: NULL, or a default`,
  };
  return {
    what: `${table}.${column} is dropped, and mapped to ${other}`,
    steps: [
      ...(mustBeFilled(change, place) ? [needs] : []),
      mappingStep(`Take ${line ?? column} out of the context file and start the worker again`),
      drop,
    ],
  };
}

/** Whether the other side's column takes no row without a value. */
function mustBeFilled({ before, side }: SchemaChange, place: Place): boolean {
  const other = otherSide(side);
  const table = before.mapping.tables
    .flatMap((one) => tablesOn(one, other))
    .find((one) => tableName(one) === place.table[other]);
  const column = table?.columns.find(({ name }) => name === place.column[other]);
  return column !== undefined && column.notNull && !column.hasDefault;
}

function otherType(
  { side, before, after }: SchemaChange,
  { line, table, column }: Mapped,
  place: Place,
): OrderedStep[] {
  const typeIn = (catalogs: SchemaChange['after']['catalogs']): string =>
    catalogs.find((one) => tableName(one) === table)?.columns.find(({ name }) => name === column)
      ?.type ?? '';
  const [was, type] = [typeIn(before.catalogs), typeIn(after.catalogs)];
  const other = otherEnd(place, side);
  // With the new type on the other side already, the old one must still come over.
  if (commonType(was, type) !== null)
    return [
      { phase: 'expand', side: otherSide(side), text: `Give ${other} the type ${type}` },
      { phase: 'contract', side, text: `Change ${table}.${column} to ${type}` },
    ];
  return [
    {
      phase: 'expand',
      side: otherSide(side),
      text: `Add a column of type ${type} beside ${other}`,
    },
    {
      phase: 'expand',
      side,
      text:
        `Add a column of type ${type} beside ${table}.${column}, keep both equal (a trigger, ` +
        'or the application writes both) and fill it',
    },
    mappingStep(
      `Map the one to the other instead of ${line ?? column} and start the worker again; it reads the table again`,
    ),
    { phase: 'contract', side, text: `Drop ${table}.${column}` },
    { phase: 'contract', side: otherSide(side), text: `Drop ${other}` },
  ];
}

function neededColumn({ side }: SchemaChange, { line, table, column }: Mapped): OrderedStep[] {
  if (side === 'service')
    return [
      {
        phase: 'expand',
        side,
        text: `Add ${table}.${column} with a default, or without NOT NULL until a column of the monolith fills it`,
      },
      mappingStep(
        `Map a column to ${column} in ${line ?? 'the mapping'}.columns, or give it a value in .constants`,
      ),
      { phase: 'contract', side, text: `Set ${table}.${column} NOT NULL` },
    ];
  return [
    { phase: 'expand', side, text: `Add ${table}.${column} with a default, or without NOT NULL` },
    mappingStep(
      `Or say first what a row of the service gets: ${line ?? 'leave'}.${column}: { onReturn: { value: '…' }, reason: '…' }`,
    ),
  ];
}
