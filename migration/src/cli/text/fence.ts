import type { FenceResult } from '../../steps/fence.ts';
import { table } from './table.ts';

/** The fences of both sides, and who wrote past the facade. */
export const fenceText = (result: FenceResult): string =>
  [
    `${result.context}: fence on the monolith ${result.monolith.mode} (${result.monolith.refused} ` +
      `writes refused so far), on the service ${result.service.mode}`,
    ...(result.strayWriters.length > 0
      ? [
          table([
            ['writes', 'operation', 'table', 'application', 'user', 'query'],
            ...result.strayWriters.map((writer) => [
              writer.writes,
              writer.operation,
              writer.table,
              writer.application,
              writer.user,
              writer.query.slice(0, 100),
            ]),
          ]),
        ]
      : []),
  ].join('\n');
