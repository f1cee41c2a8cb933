import type { ColumnMapping, TargetTable } from './table-mapping.ts';

/** A value of the monolith's row and where in the service it goes. */
export interface MappedColumn {
  readonly from: string;
  readonly mapping: ColumnMapping;
  /** Whose column holds the value as a field of JSON; absent: neither. */
  readonly gathered?: 'monolith' | 'service';
  /** Within the part: `columns.price`, `fields[0]`. */
  readonly line: string;
}

/** What a part takes of a row: columns, and fields of JSON columns. */
export const mappedColumns = ({
  columns,
  fields = [],
}: Pick<TargetTable, 'columns' | 'fields'>): MappedColumn[] => [
  ...Object.entries(columns).map(([from, mapped]): MappedColumn => {
    const mapping = typeof mapped === 'string' ? { to: mapped } : mapped;
    const line = `columns.${from}`;
    return { from, mapping, line, ...(mapping.field && { gathered: 'service' }) };
  }),
  ...fields.map(({ from, ...mapping }, index): MappedColumn => {
    return { from, mapping, line: `fields[${index}]`, gathered: 'monolith' };
  }),
];
