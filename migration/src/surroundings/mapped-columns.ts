import type { ColumnCatalog } from '../database/catalog.ts';
import type { ColumnLink, CompiledMapping, CompiledTable } from '../mapping/compiled-mapping.ts';
import { columnName } from './id-questions.ts';

/** A mapped column as both catalogs know it. */
export interface MappedColumn {
  readonly table: CompiledTable;
  readonly link: ColumnLink;
  /** `table.column` of the monolith, as a context file names it. */
  readonly name: string;
  readonly serviceName: string;
  readonly monolith: ColumnCatalog;
  readonly service: ColumnCatalog;
}

export const mappedColumns = ({ tables }: CompiledMapping): MappedColumn[] =>
  tables.flatMap((table) =>
    table.parts.flatMap((part, index) =>
      part.columns.flatMap((link) => {
        const monolith = table.monolith.columns.find(({ name }) => name === link.from);
        const service = part.service.columns.find(({ name }) => name === link.to);
        // the key stands in every part
        const repeated = index > 0 && table.key.includes(link.from);
        if (monolith === undefined || service === undefined || repeated) return [];
        return [
          {
            table,
            link,
            name: columnName({ ...table.monolith, column: link.from }),
            serviceName: columnName({ ...part.service, column: link.to }),
            monolith,
            service,
          },
        ];
      }),
    ),
  );
