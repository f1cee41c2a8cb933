import type { CompiledTable } from './compiled-mapping.ts';

/** Column of the monolith's table → what the context file says that follows from the rest of the row. */
export const expressionsOf = ({ leave }: CompiledTable): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(leave).flatMap(([column, { onReturn }]) =>
      typeof onReturn === 'object' && 'expression' in onReturn
        ? [[column, onReturn.expression]]
        : [],
    ),
  );
