import { type Direction, StranglerError, targetOf } from '@strangler-toolkit/plan';
import { classifyFailure } from '../apply/classify-error.ts';
import { messageOf } from '../apply/parked-changes.ts';
import { withConnection } from '../database/connect.ts';
import { type CompiledMapping, mappingsOf } from '../mapping/compiled-mapping.ts';
import { listParked } from '../replica/dead-letters.ts';
import { repair } from '../verify/index.ts';
import type { Lsn } from '../stream/change-event.ts';

export interface RereadOptions {
  readonly mapping: CompiledMapping;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly direction: Direction;
  appliedPosition(): Promise<Lsn>;
  readonly signal: AbortSignal;
}

interface RowKey {
  readonly table: string;
  readonly key: readonly string[];
}

/**
 * Sends rows that differ as their owner has them. One that the other side does not take and that is a dead letter already waits
 * for a person there; the others go on.
 * @returns how many rows nothing can be said of yet
 * @throws StranglerError SCHEMA_CHANGED for a row that is not taken and that nobody was told of
 */
export async function sendRows(options: RereadOptions, keys: readonly RowKey[]): Promise<number> {
  try {
    return (await repair({ ...options, keys })).unsettled.length;
  } catch (error) {
    if (!isData(error)) throw error;
    if (keys.length === 1) {
      if (await isParked(options, keys)) return 0;
      throw notTaken(options, keys, error);
    }
  }
  const half = Math.ceil(keys.length / 2);
  return (
    (await sendRows(options, keys.slice(0, half))) + (await sendRows(options, keys.slice(half)))
  );
}

const reasonOf = (error: unknown): unknown =>
  error instanceof StranglerError && error.cause !== undefined ? error.cause : error;
const isData = (error: unknown): boolean => classifyFailure(reasonOf(error)) === 'data';

async function isParked(
  { mapping, direction, ...urls }: RereadOptions,
  [row]: readonly RowKey[],
): Promise<boolean> {
  const url = targetOf(direction) === 'service' ? urls.serviceUrl : urls.monolithUrl;
  const letters = await withConnection(url, { applicationName: 'strangler-reread' }, (client) =>
    listParked(client, mapping.context, direction),
  );
  const names = mappingsOf(mapping, row?.table ?? '')[0]?.key ?? [];
  return letters.some(
    ({ table, key }) =>
      table === row?.table && names.every((name, index) => key[name] === row.key[index]),
  );
}

function notTaken(
  { mapping, direction }: RereadOptions,
  [row]: readonly RowKey[],
  error: unknown,
): StranglerError {
  const side = targetOf(direction);
  const line = mappingsOf(mapping, row?.table ?? '')
    .map((table) => table.line)
    .join(', ');
  return new StranglerError(
    'SCHEMA_CHANGED',
    `${line || mapping.context}: ${row?.table} is read again, and the ${side} does not take row ` +
      `${row?.key.join(',')}: ${messageOf(reasonOf(error))}`,
    {
      cause: error,
      details: { table: row?.table, key: row?.key },
      remedy: `Let the ${side}'s column take it, or mend the row at its owner, then start the worker again: it goes on reading.`,
    },
  );
}
