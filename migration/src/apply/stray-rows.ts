import { StranglerError } from '@strangler-toolkit/plan';
import { meets } from '../mapping/row-condition.ts';
import type { ChangeEvent } from '../stream/change-event.ts';
import type { Source } from './mapped-source.ts';
import type { LogicalRow, RowChange } from './row-change.ts';

/** Whether a row of the service is of none of the mappings that fill its table: nobody would miss it. */
export const isStray = (
  sources: readonly Source[],
  { op, before, after }: Pick<ChangeEvent, 'op' | 'before' | 'after'>,
): boolean =>
  after !== null &&
  op !== 'd' &&
  sources.every(({ where }) => !meets(where?.condition ?? {}, { ...before, ...after }));

export const strayOf = (
  { table, name, where }: Source,
  event: ChangeEvent,
  key: LogicalRow,
): RowChange => ({
  table,
  transaction: event.position.commitLsn,
  events: [event],
  kind: 'invalid',
  key,
  error: new StranglerError(
    'ROW_OUTSIDE',
    `${name}: the row is of no mapping: the constants of none name its ${Object.keys(where?.condition ?? {}).join(', ')}`,
    { details: { data: true, table: name } },
  ),
});
