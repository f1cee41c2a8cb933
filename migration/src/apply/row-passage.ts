import { type RowCondition, StranglerError } from '@strangler-toolkit/plan';
import { conditionText, meets } from '../mapping/row-condition.ts';
import type { ChangeEvent, Row } from '../stream/change-event.ts';
import { type EncodedRow, encodedValue } from '../stream/encoded-row.ts';

/** Which rows of a table are meant. */
export interface Meant {
  readonly condition: RowCondition;
  /** Its columns are all of the key, which every old row holds that had another one. */
  readonly byKey: boolean;
}

/** Where a change finds a row and where it leaves it: among those that are meant, or not. */
export type Passage = 'inside' | 'outside' | 'enters' | 'leaves';

/** @throws StranglerError REPLICA_IDENTITY (the data's fault) when the old row does not tell whether it was meant */
export function passageOf(
  meant: Meant,
  event: Pick<ChangeEvent, 'op' | 'before' | 'after' | 'encoded'>,
): Passage {
  const { condition } = meant;
  if (event.op === 'd') return known(meant, event.before) ? 'inside' : 'outside';
  if (event.op !== 'u')
    return known(meant, event.encoded ? decisive(condition, event.encoded) : event.after)
      ? 'inside'
      : 'outside';
  const is = known(meant, { ...event.before, ...event.after });
  // without an old row the key is as it was
  const was = meant.byKey
    ? known(meant, { ...event.after, ...event.before })
    : known(meant, event.before);
  return was ? (is ? 'inside' : 'leaves') : is ? 'enters' : 'outside';
}

function known({ condition }: Meant, row: Row | null): boolean {
  const meant = row === null ? undefined : meets(condition, row);
  if (meant !== undefined) return meant;
  throw new StranglerError(
    'REPLICA_IDENTITY',
    `the change does not carry what ${Object.keys(condition).join(', ')} held before, so nobody can say whether the row was ` +
      `one of those where ${conditionText(condition)}`,
    { details: { data: true } },
  );
}

const decisive = (condition: RowCondition, encoded: EncodedRow): Row => {
  const row: Record<string, string | null> = {};
  for (const column of Object.keys(condition)) {
    const index = encoded.columns.indexOf(column);
    if (index >= 0) row[column] = encodedValue(encoded, index);
  }
  return row;
};

/** A row that enters comes as a change of some columns; what it left out of the others nobody on this side has. */
export const enteredInPart = (columns: readonly string[]): StranglerError =>
  new StranglerError(
    'APPLY_FAILED',
    `the row came to be one of those that are replicated, and its change leaves out ` +
      `${columns.join(', ')}, large values that stayed as they were`,
    {
      details: { data: true, columns },
      remedy:
        'Send the row whole: strangler verify <context> --repair --keys <table>:<key>. ' +
        'With REPLICA IDENTITY FULL changes carry such values.',
    },
  );
