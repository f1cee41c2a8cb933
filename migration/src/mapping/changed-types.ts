import { type Direction, endsOf } from '@strangler-toolkit/plan';
import { type CompiledMapping, lineOf, tableName } from './compiled-mapping.ts';
import { carries, parseType } from './type-compatibility.ts';

interface ColumnNow {
  /** `shop.products.price` */
  readonly name: string;
  readonly type: string;
  readonly was: string;
}

export interface ChangedType {
  /** Of the mapping. */
  readonly line: string;
  readonly source: ColumnNow;
  readonly target: ColumnNow;
}

/**
 * Columns whose type became one that the other side does not take. A text column may hold what an integer column never takes:
 * fine when the mapping was written for it, not when it became so.
 */
export function changedTypes(
  before: CompiledMapping,
  now: CompiledMapping,
  direction: Direction,
): ChangedType[] {
  return now.tables.flatMap((table, index) =>
    table.parts.flatMap((part, partIndex) =>
      part.columns.flatMap((link) => {
        const was = before.tables[index]?.parts[partIndex]?.columns.find(
          ({ from, to }) => from === link.from && to === link.to,
        );
        if (was === undefined || link.conversion !== null) return [];
        if (was.fromType === link.fromType && was.toType === link.toType) return [];
        const { source, target } = endsOf(direction, {
          monolith: {
            name: `${tableName(table.monolith)}.${link.from}`,
            type: link.fromType,
            was: was.fromType,
          },
          service: {
            name: `${tableName(part.service)}.${link.to}`,
            type: link.toType,
            was: was.toType,
          },
        });
        return carries(source.type, target.type)
          ? []
          : [{ line: lineOf(part, link), source, target }];
      }),
    ),
  );
}

export interface RetypedCondition {
  /** Of the mapping. */
  readonly line: string;
  readonly table: string;
  readonly column: string;
  readonly problem: string;
}

const numbers = new Set(['smallint', 'integer', 'bigint']);
const texts = new Set(['text', 'character varying']);

/**
 * Columns of conditions that became of a type which may write the same values in another way (`t` of a boolean is `true` as a
 * text): the condition would be true of no row any more.
 */
export function retypedConditions(
  before: CompiledMapping,
  now: CompiledMapping,
): RetypedCondition[] {
  return now.tables.flatMap(({ line, monolith, where = {} }) => {
    const name = tableName(monolith);
    const known = before.tables.find((table) => tableName(table.monolith) === name)?.monolith;
    return Object.keys(where).flatMap((column) => {
      const [was, is] = [known, monolith].map(
        (table) => table?.columns.find((candidate) => candidate.name === column)?.type,
      );
      if (was === undefined || is === undefined || was === is) return [];
      const bases = [parseType(was).base, parseType(is).base];
      if ([numbers, texts].some((alike) => bases.every((base) => alike.has(base)))) return [];
      return [
        {
          line: `${line}.where.${column}`,
          table: name,
          column,
          problem: `${name}.${column} is ${is} (was ${was}), which may write what the condition asks for in another way`,
        },
      ];
    });
  });
}
