import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { rowSpaces } from '../mapping/row-spaces.ts';
import {
  type DeadLetter,
  dropDeadLetters,
  dropOpenDeadLetter,
  listDeadLetters,
  markReplayed,
} from '../replica/dead-letters.ts';
import { applying } from '../replica/fences.ts';
import { lockStreamState } from '../replica/streams.ts';
import { eventFromJson } from './event-json.ts';
import { createInterpreter } from './interpret-event.ts';
import { messageOf } from './parked-changes.ts';
import { isKeyed, type RowChange, touchedKeys } from './row-change.ts';
import { writeChanges } from './write-changes.ts';
import { writeTargets } from './write-target.ts';

export interface DeadLetterChoice {
  /** Connected to the target; used for one transaction. */
  readonly client: pg.Client;
  readonly mapping: CompiledMapping;
  readonly context: string;
  readonly direction: Direction;
  /** When given, the stream must still belong to it. */
  readonly epoch?: number | bigint;
  readonly id: string;
}

/**
 * Applies a dead letter and, in order, everything that waits with it for the same row. All of it or nothing.
 * @throws StranglerError APPLY_FAILED with the database's reason when it still does not fit
 */
export async function replayDeadLetter({
  client,
  mapping,
  context,
  direction,
  epoch,
  id,
}: DeadLetterChoice): Promise<{ replayed: string[] }> {
  return inTransaction(client, { context, direction, epoch }, async () => {
    const letters = await listDeadLetters(client, { context, direction });
    const interpret = createInterpreter(mapping, direction, { parked: true });
    const changes = letters.map((letter) => ({
      letter,
      changes: interpret([eventFromJson(letter.event)]),
    }));
    const chosen = sameRow(changes, id, rowSpaces(mapping));
    if (chosen.length === 0) throw notOpen(context, id);
    try {
      await writeChanges(
        client,
        writeTargets(mapping, direction),
        interpret(chosen.map(({ letter }) => eventFromJson(letter.event))),
      );
    } catch (error) {
      throw new StranglerError(
        'APPLY_FAILED',
        `${context}: dead letter ${id} still cannot be applied: ${messageOf(error)}`,
        {
          cause: error,
          remedy:
            `Mend the data that the message names; or send the row as its owner has it: strangler verify ${context} ` +
            `--keys <table>:<key> --repair; or strangler dead-letters drop ${context} ${id}. Nothing was changed.`,
        },
      );
    }
    const ids = chosen.map(({ letter }) => letter.id);
    await markReplayed(client, ids);
    return { replayed: ids };
  });
}

/** Gives one dead letter up. Those behind it stay, and can be replayed. */
export async function dropDeadLetter({
  client,
  context,
  direction,
  id,
}: Pick<DeadLetterChoice, 'client' | 'context' | 'direction' | 'id'>): Promise<void> {
  if (!(await dropOpenDeadLetter(client, { context, direction, id }))) throw notOpen(context, id);
}

/**
 * Drops the open dead letters that concern these rows and no others; call it in the transaction that writes the rows as the owner
 * has them now, under the stream's lock. A letter that also moved another row stays until that one is mended too.
 */
export async function dropSuperseded(
  { client, mapping, context, direction }: Omit<DeadLetterChoice, 'id' | 'epoch'>,
  keys: ReadonlySet<string>,
  reason: string,
): Promise<string[]> {
  const interpret = createInterpreter(mapping, direction, { parked: true });
  const letters = await listDeadLetters(client, { context, direction });
  const spaces = rowSpaces(mapping);
  const ids = letters
    .filter((letter) => {
      const touched = interpret([eventFromJson(letter.event)])
        .filter(isKeyed)
        .flatMap((change) => touchedKeys(change, spaces));
      return touched.length > 0 && touched.every((key) => keys.has(key));
    })
    .map(({ id }) => id);
  if (ids.length > 0) await dropDeadLetters(client, ids, ` [${reason}]`);
  return ids;
}

const notOpen = (context: string, id: string): StranglerError =>
  new StranglerError('DEAD_LETTERS', `${context} has no open dead letter ${id}`, {
    remedy: `strangler dead-letters list ${context} shows those that are open.`,
  });

/** The letters that touch the same keys as the chosen one, through changes of the key as well, in order. */
function sameRow<T extends { letter: DeadLetter; changes: RowChange[] }>(
  letters: readonly T[],
  id: string,
  spaces: readonly number[],
): T[] {
  const keysOf = (letter: T): string[] =>
    letter.changes.filter(isKeyed).flatMap((change) => touchedKeys(change, spaces));
  const keys = new Set(letters.filter(({ letter }) => letter.id === id).flatMap(keysOf));
  for (let size = -1; size !== keys.size;) {
    size = keys.size;
    for (const letter of letters)
      if (keysOf(letter).some((key) => keys.has(key)))
        for (const key of keysOf(letter)) keys.add(key);
  }
  return letters.filter((letter) => keysOf(letter).some((key) => keys.has(key)));
}

/** Under the stream's lock, so that the worker neither parks nor applies a change of the row meanwhile. */
async function inTransaction<T>(
  client: pg.Client,
  {
    context,
    direction,
    epoch,
  }: { context: string; direction: Direction; epoch: number | bigint | undefined },
  work: () => Promise<T>,
): Promise<T> {
  await client.query('BEGIN');
  try {
    await client.query(applying({ local: true }));
    const stream = await lockStreamState(client, { context, direction });
    if (stream?.state !== 'open' || (epoch !== undefined && stream.epoch !== String(epoch))) {
      throw new StranglerError(
        'STREAM_CLOSED',
        `${context}: the ${direction} stream is closed, so its dead letters may not change the data any more`,
        {
          remedy:
            'The other side owns the data now: compare with strangler verify, and repair there.',
        },
      );
    }
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
