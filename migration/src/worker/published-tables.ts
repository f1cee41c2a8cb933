import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { SourceTable } from '../stream/transport.ts';

/** What a direction's publication holds: the mapped tables of its source, and the transport's own. */
export const publishedTables = (
  mapping: CompiledMapping,
  side: 'monolith' | 'service',
  own: readonly SourceTable[],
): SourceTable[] => [
  ...mapping.tables
    .flatMap((table) =>
      side === 'monolith' ? [table.monolith] : table.parts.map((part) => part.service),
    )
    .map(({ schema, table }) => ({ schema, table })),
  ...own,
];
