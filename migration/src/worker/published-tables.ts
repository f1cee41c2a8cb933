import type { CompiledMapping } from '../mapping/compiled-mapping.ts';

/** What a direction's publication holds: the mapped tables of its source, and the probe. */
export const publishedTables = (mapping: CompiledMapping, side: 'monolith' | 'service'): { schema: string; table: string }[] => [
  ...mapping.tables.flatMap((table) => (side === 'monolith' ? [table.monolith] : table.parts.map((part) => part.service))).map(({ schema, table }) => ({ schema, table })),
  { schema: 'strangler', table: 'probe' },
];
