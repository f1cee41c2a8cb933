import { knows } from '../../../database/supported-versions.ts';
import type { DecoderColumn } from './column-type.ts';
import { valueDecoder } from './value-decoder.ts';

export interface UnsupportedColumn {
  readonly name: string;
  readonly type: string;
  readonly reason: string;
}

export interface TableFacts {
  /** REPLICA IDENTITY FULL, of all partitions. */
  readonly full: boolean;
  /** Definitions of the validated CHECK constraints, as pg_get_constraintdef writes them. */
  readonly checks: readonly string[];
  /** As server_version_num. */
  readonly serverVersion: number;
  /** Columns that identify a row. */
  readonly key: readonly string[];
}

const reasons: Readonly<Record<string, string>> = {
  'time with time zone': 'it loses its offset',
  money: 'its digits come without the form that lc_monetary gives them',
  'bit varying': 'it loses its length',
};

/** Elements of arrays whose unchanged large values have a form that no real value has. */
const recognised = new Set([
  'text',
  'character varying',
  'character',
  'bpchar',
  'uuid',
  'json',
  'jsonb',
  'integer',
  'bigint',
]);
const bare = (type: string): string => type.replace(/\(\d+(,-?\d+)?\)/, '');

/** An unchanged large value of it arrives as NULL, unless the row brings its old one along. */
function losesLargeValues({ type, element, domain }: DecoderColumn): boolean {
  if (element !== null) return domain || !recognised.has(bare(element.type));
  const bits = /^bit\((\d+)\)$/.exec(type)?.[1];
  // Shorter ones never leave the row.
  return bits !== undefined && Number(bits) > 128;
}

const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;

function reasonOf(column: DecoderColumn, table: TableFacts): string | undefined {
  const { name, type, element } = column;
  if (valueDecoder(column) === undefined)
    return (
      reasons[bare(type)] ??
      (element === null ? 'its values do not come whole' : 'values in such arrays get lost')
    );
  if (!table.full && losesLargeValues(column))
    return 'a large value that an update leaves alone arrives as NULL; with REPLICA IDENTITY FULL it does not';
  if (element !== null && table.key.includes(name)) {
    const one = `CHECK (array_ndims(${quoted(name)}) = 1 AND array_lower(${quoted(name)}, 1) = 1)`;
    // As the catalog writes it.
    const known = `CHECK (((array_ndims(${quoted(name)}) = 1) AND (array_lower(${quoted(name)}, 1) = 1)))`;
    if (!table.checks.includes(known))
      return `identifies rows, and its bounds do not come; ${one} on the table rules others out`;
  }
  if (type.startsWith('interval') && knows(table.serverVersion, 'infiniteIntervals')) {
    const finite = [quoted(name), `(${quoted(name)})::interval`].map(
      (expression) => `CHECK (isfinite(${expression}))`,
    );
    if (!finite.some((check) => table.checks.includes(check)))
      return `an infinite one arrives as 0; ${finite[0]} on the table rules them out`;
  }
  return undefined;
}

/** Columns whose values the connector loses or changes so that nothing can tell. */
export function unsupportedColumns(
  columns: readonly DecoderColumn[],
  table: TableFacts,
): readonly UnsupportedColumn[] {
  return columns.flatMap((column) => {
    const reason = reasonOf(column, table);
    return reason === undefined ? [] : [{ name: column.name, type: column.type, reason }];
  });
}
