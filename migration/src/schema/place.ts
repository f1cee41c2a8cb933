import { type MigrationDefinition, otherSide, type Side } from '@strangler-toolkit/plan';
import { parseTableName } from '../database/identifiers.ts';
import { tableName } from '../mapping/compiled-mapping.ts';

/** What a line of the context file is about, on both sides. */
export interface Place {
  readonly table: Readonly<Record<Side, string | null>>;
  readonly column: Readonly<Record<Side, string | null>>;
}

const nothing: Readonly<Record<Side, null>> = { monolith: null, service: null };

/** `contexts/shop: tables[0].service[1].columns.name` → what it names. */
export function placeOf(definition: MigrationDefinition, line: string): Place {
  const match =
    /tables\[(\d+)\](?:\.service\[(\d+)\])?(?:\.(columns|leave|ids|constants)\.(.+))?/.exec(line);
  const mapping = definition.tables?.[Number(match?.[1])];
  if (match === null || mapping === undefined) return { table: nothing, column: nothing };
  const part = mapping.service[Number(match[2] ?? 0)];
  const full = (name: string | undefined): string | null =>
    name === undefined ? null : tableName(parseTableName(name));
  const [, , , kind, name] = match;
  const mapped = kind === 'columns' ? part?.columns[name ?? ''] : undefined;
  return {
    table: { monolith: full(mapping.monolith), service: full(part?.table) },
    column: {
      monolith: kind === 'constants' ? null : (name ?? null),
      service:
        kind === 'constants'
          ? (name ?? null)
          : typeof mapped === 'string'
            ? mapped
            : (mapped?.to ?? null),
    },
  };
}

/** `shop.products.price of the service`, for sentences. */
export const otherEnd = ({ table, column }: Place, side: Side): string => {
  const other = otherSide(side);
  return `${table[other] ?? ''}.${column[other] ?? ''} of the ${other}`;
};
