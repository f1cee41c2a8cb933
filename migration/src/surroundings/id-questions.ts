import type { Side } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { displayTable, parseTableName, type TableName } from '../database/identifiers.ts';
import {
  type CompiledMapping,
  type CompiledTable,
  mappingsOf,
  tableName,
} from '../mapping/compiled-mapping.ts';
import { parseType } from '../mapping/type-compatibility.ts';
import type { OpenQuestion } from './surrounding.ts';

/** A sequence and the columns whose defaults draw from it, each as people write it. */
export interface SequenceUse {
  readonly sequence: string;
  readonly columns: readonly string[];
}

export const columnName = (at: TableName & { readonly column: string }): string =>
  `${displayTable(at)}.${at.column}`;

const numbers = new Set(['smallint', 'integer', 'bigint', 'numeric']);

/** Ids that another table gave out first need no sequence of their own. */
const borrowed = (table: TableCatalog, column: string): boolean =>
  table.foreignKeys.some((key) => key.columns.includes(column));

interface KeyColumn {
  readonly table: CompiledTable;
  readonly column: string;
  readonly ends: readonly {
    readonly side: Side;
    readonly at: TableCatalog;
    readonly name: string;
  }[];
}

function keyColumns(mapping: CompiledMapping): KeyColumn[] {
  return mapping.tables.flatMap((table) =>
    table.key.flatMap((column, index) => {
      const part = table.parts[0];
      const name = part.key[index] ?? column;
      const type =
        table.monolith.columns.find((candidate) => candidate.name === column)?.type ?? '';
      if (!numbers.has(parseType(type).base)) return [];
      if (borrowed(table.monolith, column) || borrowed(part.service, name)) return [];
      return [
        {
          table,
          column,
          ends: [
            { side: 'monolith' as const, at: table.monolith, name: column },
            { side: 'service' as const, at: part.service, name },
          ],
        },
      ];
    }),
  );
}

/** Whether an id that the service gives out may be one of a row that stayed: the key does not hold all that tells them apart. */
export const bothGiveOut = ({ key, where = {} }: CompiledTable): boolean =>
  !Object.keys(where).every((column) => key.includes(column));

/**
 * Key columns of which it is not known how their next id comes about: after a change of owner the other side would give
 * out ids a second time.
 */
export function idQuestions(
  mapping: CompiledMapping,
  uses: Readonly<Record<Side, readonly SequenceUse[]>>,
): OpenQuestion[] {
  const mapped = new Set(
    mapping.tables.flatMap((table) => [
      ...table.monolith.columns.map(({ name }) => columnName({ ...table.monolith, column: name })),
      ...table.parts.flatMap((part) =>
        part.service.columns.map(({ name }) => columnName({ ...part.service, column: name })),
      ),
    ]),
  );
  return keyColumns(mapping).flatMap(({ table, column, ends }): OpenQuestion[] => {
    const decided = table.ids[column];
    if (decided?.reason !== undefined) return [];
    const about = `key ${displayTable(table.monolith)}.${column}`;
    const line = `${table.line}.ids.${column}`;
    const alone = mappingsOf(mapping, tableName(table.monolith)).length === 1;
    // a column of the condition holds what the condition says, and no next id
    if (bothGiveOut(table) && table.where?.[column] === undefined)
      return [
        {
          kind: 'id',
          about,
          decision: null,
          problem:
            'rows outside of the condition go on getting ids at the monolith while the service gives out its own, ' +
            `so both can give out the same one${alone ? '' : '; and so can the tables of the service that its rows go to'}`,
          remedy:
            `${line}: give the ${alone ? 'two sides' : 'monolith and each of these tables'} ids that cannot meet ` +
            '(a sequence that begins elsewhere, or steps of two), ' +
            "and say so, { reason: '…' }; neither sequence is moved then",
        },
      ];
    const without = ends.filter(
      ({ side, at, name }) =>
        decided?.[side] === undefined &&
        (at.columns.find((candidate) => candidate.name === name)?.sequence ?? null) === null,
    );
    if (without.length > 0) {
      const where = without.map(
        ({ side, at, name }) => `${displayTable(at)}.${name} of the ${side}`,
      );
      return [
        {
          kind: 'id',
          about,
          decision: null,
          problem: `nothing tells which sequence ${where.join(' and ')} draws from, so a change of owner could give ids out twice`,
          remedy:
            `${line}: name what new ids are drawn from, ` +
            `{ ${without.map(({ side }) => `${side}: '<sequence>'`).join(', ')} }, or say why no sequence is needed, { reason: '…' }`,
        },
      ];
    }
    return ends.flatMap(({ side, at, name }) => {
      const drawn =
        decided?.[side] ?? at.columns.find((candidate) => candidate.name === name)?.sequence;
      if (drawn === undefined || drawn === null) return [];
      const sequence = displayTable(parseTableName(drawn));
      const outside = uses[side]
        .filter((use) => use.sequence === sequence)
        .flatMap((use) => use.columns.filter((user) => !mapped.has(user)));
      if (outside.length === 0) return [];
      return [
        {
          kind: 'shared sequence',
          about,
          decision: null,
          problem:
            `its sequence ${sequence} of the ${side} also feeds ${outside.join(', ')}, outside this context: ` +
            `once the owners differ, both sides count on their own and the same number can come up in both`,
          remedy: `${line}: say why that does no harm, { reason: '…' }, or give the table a sequence of its own`,
        },
      ];
    });
  });
}
