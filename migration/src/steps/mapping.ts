import {
  bothSides,
  type MigrationDefinition,
  type Side,
  StranglerError,
  replicates,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { convertedBack } from '../copy/projection-sql.ts';
import { pageCondition, pageRanges } from '../copy/page-ranges.ts';
import { parseTableName, quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { readTable } from '../database/catalog.ts';
import {
  type ColumnLink,
  columnOn,
  type CompiledMapping,
  type CompiledPart,
  type CompiledTable,
  distinctTables,
  mappingsOf,
  tableName,
} from '../mapping/compiled-mapping.ts';
import { loadMapping } from '../mapping/load.ts';
import { conditionSql } from '../mapping/row-condition.ts';
import { projectBackward, projectForward } from '../mapping/project.ts';
import type { ColumnText } from '../stream/change-event.ts';
import { type OwnerRow, ownerRow } from '../verify/owner-rows.ts';
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
  const counts = links.map((link) => {
    const column = quoteIdentifier(columnOn(link, side));
    const bad = `${column} IS NOT NULL AND NOT ${convertedBack(column, link.conversion, side)}`;
    return `count(*) FILTER (WHERE ${bad}), min(format('%s', ${column})) FILTER (WHERE ${bad})`;
  });
  const meant = {
    monolith: conditionSql(table.where ?? {}) || 'true',
    service: conditionSql(part.shared?.where ?? {}) || 'true',
  }[side];
  const found = links.map(() => ({ inexact: 0, example: null as string | null }));
  let rows = 0;
  const ranges = pageRanges((await readTable(client, catalog)).pages, 8);
  for (const [done, range] of ranges.entries()) {
    const result = await client.query<(string | null)[]>({
      text: `SELECT count(*), ${counts.join(', ')} FROM ${quoteTable(catalog)} WHERE ${pageCondition(range)} AND ${meant}`,
      rowMode: 'array',
    });
    const [number, ...told] = result.rows[0] ?? [];
    rows += Number(number ?? 0);
    for (const [index, one] of found.entries()) {
      one.inexact += Number(told[index * 2] ?? 0);
      one.example ??= told[index * 2 + 1] ?? null;
    }
    kit.tell(
      tableName(catalog),
      `${rows} rows, ${Math.round(((done + 1) / ranges.length) * 100)} %`,
      'update',
    );
  }
  return links.map((link, index) => ({
    side,
    table: tableName(catalog),
    column: columnOn(link, side),
    line: `${part.line}.columns.${link.from}`,
    rows,
    ...(found[index] ?? { inexact: 0, example: null }),
  }));
}

export interface PreviewOptions {
  readonly context: string;
  /** Of the monolith. */
  readonly table: string;
  /** Values of its key columns; default: the first row. */
  readonly key?: readonly string[];
}

export interface PreviewedColumn {
  readonly column: string;
  readonly is: ColumnText;
  /** `public.goods.title` */
  readonly to: string;
  readonly becomes?: ColumnText;
  readonly comesBack?: ColumnText;
  /** Why the value does not pass. */
  readonly problem?: string;
}

export interface PreviewResult {
  readonly context: string;
  readonly table: string;
  readonly key: Readonly<Record<string, ColumnText>>;
  readonly columns: readonly PreviewedColumn[];
  /** What the service's tables get beside. */
  readonly constants: Readonly<Record<string, string | null>>;
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
    return {
      context: options.context,
      table: wanted,
      key: Object.fromEntries(table.key.map((name) => [name, found.row[name] ?? null])),
      columns: table.parts.flatMap((part) =>
        part.columns.map((link) => previewed(part, link, found.row[link.from] ?? null)),
      ),
      constants: Object.fromEntries(
        table.parts.flatMap((part) =>
          Object.entries(part.constants).map(([name, value]) => [
            `${tableName(part.service)}.${name}`,
            value,
          ]),
        ),
      ),
      stays: table.leftBehind,
    };
  });
}

function previewed(part: CompiledPart, link: ColumnLink, is: ColumnText): PreviewedColumn {
  const alone = { ...part, columns: [link] };
  const base = { column: link.from, is, to: `${tableName(part.service)}.${link.to}` };
  try {
    const there = projectForward(alone, { [link.from]: is });
    const back = projectBackward(alone, there);
    return { ...base, becomes: there[link.to] ?? null, comesBack: back[link.from] ?? null };
  } catch (error) {
    return { ...base, problem: error instanceof Error ? error.message : String(error) };
  }
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
