import {
  bothSides,
  type MigrationDefinition,
  type Side,
  StranglerError,
  replicates,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { convertedBack } from '../copy/projection-sql.ts';
import { pageCondition, type PageRange, pageRanges } from '../copy/page-ranges.ts';
import { parseTableName, quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { readTable } from '../database/catalog.ts';
import {
  type ColumnLink,
  columnOn,
  type CompiledMapping,
  type CompiledPart,
  type CompiledTable,
  distinctTables,
  lineOf,
  mappingsOf,
  shownColumn,
  tableName,
} from '../mapping/compiled-mapping.ts';
import { loadMapping } from '../mapping/load.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { givenType } from '../mapping/conversions/functions.ts';
import type { ColumnText } from '../stream/change-event.ts';
import { type OwnerRow, ownerRow } from '../verify/owner-rows.ts';
import { previewValue, type PreviewedColumn } from './preview-value.ts';
import { dataError, raisingValue } from './raising-value.ts';
import type { Toolkit } from './toolkit.ts';

export interface CheckedColumn {
  readonly side: Side;
  /** `public.products` */
  readonly table: string;
  readonly column: string;
  /** Of the context file. */
  readonly line: string;
  readonly rows: number;
  /** Rows whose value would not come back as it is. */
  readonly inexact: number;
  readonly example: string | null;
  /** What a function of the context file said of the example: the column's values behind it were not looked at. */
  readonly raised?: string;
}

export interface MappingCheckResult {
  readonly context: string;
  readonly ok: boolean;
  readonly columns: readonly CheckedColumn[];
}

/** Whether the values of all rows come back as they are, by the servers' own words. Needs no control database; reads only. */
export async function mappingCheck(
  kit: Toolkit,
  { context }: { readonly context: string },
): Promise<MappingCheckResult> {
  const definition = await replicated(kit, context);
  return withMapping(kit, definition, async (mapping, clients) => {
    const columns: CheckedColumn[] = [];
    for (const table of mapping.tables)
      for (const [index, part] of table.parts.entries())
        for (const side of bothSides) {
          const links = part.columns.filter(({ conversion }) => conversion !== null);
          // what several parts take alike is looked at once
          const fresh = links.filter(
            (link) =>
              side === 'service' ||
              !table.parts
                .slice(0, index)
                .some((earlier) =>
                  earlier.columns.some(
                    ({ from, conversion }) =>
                      from === link.from && conversion?.identity === link.conversion?.identity,
                  ),
                ),
          );
          if (fresh.length > 0)
            columns.push(
              ...(await checkTable(kit, clients[side], { side, table, part, links: fresh })),
            );
        }
    return { context, ok: columns.every(({ inexact }) => inexact === 0), columns };
  });
}

interface Checked {
  readonly side: Side;
  readonly table: CompiledTable;
  readonly part: CompiledPart;
  readonly links: readonly ColumnLink[];
}

async function checkTable(
  kit: Toolkit,
  client: pg.Client,
  { side, table, part, links }: Checked,
): Promise<CheckedColumn[]> {
  const catalog = side === 'monolith' ? table.monolith : part.service;
  const looked = links.map((link) => ({
    link,
    column: quoteIdentifier(columnOn(link, side)),
    found: { inexact: 0, example: null, raised: undefined } as Found,
  }));
  const meant = {
    monolith: conditionSql(table.where ?? {}) || 'true',
    service: conditionSql(part.shared?.where ?? {}) || 'true',
  }[side];
  const { pages } = await readTable(client, catalog);
  const count = async (range: PageRange, some: typeof looked): Promise<number> => {
    const counts = some.flatMap(({ link, column }) => {
      const bad = `${column} IS NOT NULL AND NOT ${convertedBack(column, link.conversion, side)}`;
      return [
        `count(*) FILTER (WHERE ${bad})`,
        `min(format('%s', ${column})) FILTER (WHERE ${bad})`,
      ];
    });
    const result = await client.query<(string | null)[]>({
      text: `SELECT ${['count(*)', ...counts].join(', ')} FROM ${quoteTable(catalog)} WHERE ${pageCondition(range)} AND ${meant}`,
      rowMode: 'array',
    });
    const [number, ...told] = result.rows[0] ?? [];
    for (const [index, { found }] of some.entries()) {
      found.inexact += Number(told[index * 2] ?? 0);
      found.example ??= told[index * 2 + 1] ?? null;
    }
    return Number(number ?? 0);
  };
  /** A function that raises an error fails the whole statement: column by column, then. */
  const countApart = async (range: PageRange, some: typeof looked): Promise<number> => {
    for (const one of some) {
      if ((await dataError(() => count(range, [one]))) === null) continue;
      const { link, column, found } = one;
      const raising = await raisingValue(client, {
        table: quoteTable(catalog),
        meant,
        column,
        given: givenType(side === 'monolith' ? link.fromType : link.toType),
        over: (value) => convertedBack(value, link.conversion, side),
        range,
        pages,
      });
      found.inexact += 1;
      found.example = raising?.value ?? found.example;
      found.raised = raising?.said ?? 'raises an error';
    }
    return count(range, []);
  };
  let rows = 0;
  const ranges = pageRanges(pages, 8);
  for (const [done, range] of ranges.entries()) {
    const open = looked.filter(({ found }) => found.raised === undefined);
    let counted = 0;
    const failed = await dataError(async () => {
      counted = await count(range, open);
    });
    rows += failed === null ? counted : await countApart(range, open);
    kit.tell(
      tableName(catalog),
      `${rows} rows, ${Math.round(((done + 1) / ranges.length) * 100)} %`,
      'update',
    );
  }
  return looked.map(({ link, found: { raised, ...found } }) => ({
    side,
    table: tableName(catalog),
    column: shownColumn(link, side),
    line: lineOf(part, link),
    rows,
    ...found,
    ...(raised !== undefined && { raised }),
  }));
}

interface Found {
  inexact: number;
  example: string | null;
  raised: string | undefined;
}

export interface PreviewOptions {
  readonly context: string;
  /** Of the monolith. */
  readonly table: string;
  /** Values of its key columns; default: the first row. */
  readonly key?: readonly string[];
}

export interface PreviewResult {
  readonly context: string;
  readonly table: string;
  readonly key: Readonly<Record<string, ColumnText>>;
  readonly columns: readonly PreviewedColumn[];
  /** What the service's tables get beside. */
  readonly constants: Readonly<Record<string, string | null>>;
  /** Array of the service that has the row's value as an element → the column with the value, and that with its place. */
  readonly lists: Readonly<Record<string, readonly [value: string, position: string]>>;
  /** What stays behind. */
  readonly stays: readonly string[];
}

/** A row as it is at the monolith, as it will be at the service, and as it comes back. */
export async function mappingPreview(
  kit: Toolkit,
  options: PreviewOptions,
): Promise<PreviewResult> {
  const definition = await replicated(kit, options.context);
  return withMapping(kit, definition, async (mapping, { monolith }) => {
    const wanted = tableName(parseTableName(options.table));
    const [first, ...others] = mappingsOf(mapping, wanted);
    if (first === undefined)
      throw new StranglerError(
        'USAGE',
        `${options.context} maps no table ${wanted} (it maps ${distinctTables(mapping, 'monolith').map(tableName).join(', ')})`,
      );
    const key = options.key ?? (await firstKey(monolith, [first, ...others]));
    if (key.length !== first.key.length)
      throw new StranglerError('USAGE', `the key of ${wanted} is ${first.key.join(', ')}`);
    const { table, row: found } = await mappedRow(monolith, [first, ...others], key);
    if (found === null) throw new StranglerError('USAGE', `${wanted} has no row ${key.join(', ')}`);
    const columns: PreviewedColumn[] = [];
    for (const part of table.parts)
      for (const link of part.columns)
        columns.push(await previewValue(monolith, part, link, found.row[link.from] ?? null));
    return {
      context: options.context,
      table: wanted,
      key: Object.fromEntries(table.key.map((name) => [name, found.row[name] ?? null])),
      columns,
      constants: Object.fromEntries(
        table.parts.flatMap((part) =>
          Object.entries(part.constants).map(([name, value]) => [
            `${tableName(part.service)}.${name}`,
            value,
          ]),
        ),
      ),
      lists: Object.fromEntries(
        table.parts
          .flatMap(({ list }) => list ?? [])
          .map(({ rows, parent, column, value, position }) => [
            `${tableName(parent)}.${column}`,
            [`${tableName(rows)}.${value}`, position],
          ]),
      ),
      stays: table.leftBehind,
    };
  });
}

/** By the mapping that means it. */
async function mappedRow(
  client: pg.Client,
  [table, ...others]: readonly [CompiledTable, ...CompiledTable[]],
  key: readonly string[],
): Promise<{ readonly table: CompiledTable; readonly row: OwnerRow | null }> {
  const row = await ownerRow(client, table, 'monolith', key);
  const [next, ...more] = others;
  return row === null && next !== undefined
    ? mappedRow(client, [next, ...more], key)
    : { table, row };
}

async function firstKey(
  client: pg.Client,
  [{ monolith, key, where = {} }, ...others]: readonly [CompiledTable, ...CompiledTable[]],
): Promise<string[]> {
  const names = key.map(quoteIdentifier);
  const texts = names.map((name) => `format('%s', ${name})`);
  const from = `FROM ${quoteTable(monolith)} WHERE ${conditionSql(where) || 'true'}`;
  const { rows } = await client.query<string[]>({
    text: `SELECT ${texts.join(', ')} ${from} ORDER BY ${names.join(', ')} LIMIT 1`,
    rowMode: 'array',
  });
  const [next, ...more] = others;
  if (rows[0] === undefined && next !== undefined) return firstKey(client, [next, ...more]);
  if (rows[0] === undefined)
    throw new StranglerError('USAGE', `${tableName(monolith)} has no rows to show`);
  return rows[0];
}

/** @throws StranglerError MOVE_NOT_ALLOWED where the context has no data of its own */
export async function replicated(kit: Toolkit, context: string): Promise<MigrationDefinition> {
  const definition = await kit.definition(context);
  if (!replicates(definition.data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${context} has data '${definition.data}': no rows are mapped`,
    );
  return definition;
}

const withMapping = <T>(
  kit: Toolkit,
  definition: MigrationDefinition,
  work: (mapping: CompiledMapping, clients: Readonly<Record<Side, pg.Client>>) => Promise<T>,
): Promise<T> =>
  kit.withDatabase(definition, 'monolith', (monolith) =>
    kit.withDatabase(definition, 'service', async (service) =>
      work(await loadMapping(definition, monolith, service), { monolith, service }),
    ),
  );
