import { bothSides, isStranglerError, StranglerError } from '@strangler-toolkit/plan';
import { describeDatabase } from '../database/connect.ts';
import type { Toolkit } from './toolkit.ts';

/** An address says little to a person at night: whose database it is that could not be reached, told behind it. */
export async function tellWhoseDatabase(kit: Toolkit, error: unknown): Promise<unknown> {
  if (!isStranglerError(error) || !error.message.startsWith('Cannot connect to ')) return error;
  try {
    const whose = [...(await kit.contexts()).values()].flatMap(({ definition }) =>
      bothSides.flatMap((side) => {
        if (definition[side].database === undefined) return [];
        const place = describeDatabase(kit.databaseUrl(definition, side));
        return error.message.startsWith(`Cannot connect to ${place}:`)
          ? [`the ${side}'s of ${definition.context}`]
          : [];
      }),
    );
    if (whose.length === 0) return error;
    const { code, message, cause, details, remedy } = error;
    const told = `${message} (the database is ${[...new Set(whose)].join(', ')})`;
    return new StranglerError(code, told, { cause, details, remedy });
  } catch {
    return error;
  }
}
