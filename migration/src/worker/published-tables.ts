import type { Side } from '@strangler-toolkit/plan';
import { type CompiledMapping, distinctTables } from '../mapping/compiled-mapping.ts';
import type { SourceTable } from '../stream/transport.ts';

/** What a direction's publication holds: the mapped tables of its source, and the transport's own. */
export const publishedTables = (
  mapping: CompiledMapping,
  side: Side,
  own: readonly SourceTable[],
): SourceTable[] => [
  ...distinctTables(mapping, side).map(({ schema, table }) => ({ schema, table })),
  ...own,
];
