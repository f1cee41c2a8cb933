import {
  type Direction,
  type MigrationDefinition,
  sourceOf,
  targetOf,
} from '@strangler-toolkit/plan';
import { contextTables } from '../cutover/index.ts';
import type { StreamEnds } from '../stream/transport.ts';
import type { Toolkit } from './toolkit.ts';

/** The databases at both ends of a context's stream, and what its publication holds. */
export function streamEnds(
  kit: Toolkit,
  definition: MigrationDefinition,
  direction: Direction,
  signal: AbortSignal = kit.signal,
): StreamEnds {
  const { context } = definition;
  const [source, target] = [sourceOf(direction), targetOf(direction)];
  const url = kit.databaseUrl(definition, source);
  return {
    context,
    direction,
    url,
    signal,
    tables: [...contextTables(definition)[source], ...kit.transport(definition).ownTables],
    withSource: (work) =>
      kit.withDatabase(definition, source, (client) => work({ context, direction, url, client })),
    withTarget: (work) => kit.withDatabase(definition, target, work),
  };
}
