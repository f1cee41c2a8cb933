import { StranglerError } from '@strangler-toolkit/plan';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import { readStreamRow } from '../replica/streams.ts';
import { type Detail, type MoveState, to, until } from './move-state.ts';

/**
 * What a reference's table got before the fence may be what the first write to the service refers to, and it comes by a stream
 * of its own. The probe behind the stop position travels through that one's publication as well, so an idle one passes too.
 */
export async function referencesPassed(
  move: MoveState,
  stop: string,
  limitMs: number,
): Promise<Detail> {
  const { references = [] } = move;
  if (references.length === 0) return {};
  const client = await to(move);
  const wanted = lsnFromText(stop);
  const end = performance.now() + limitMs;
  const passed: Record<string, string> = {};
  for (const reference of references) {
    let last = 'no position';
    const position = await until(move, Math.max(0, end - performance.now()), async () => {
      const row = await readStreamRow(client, reference, 'forward');
      last = row === null ? 'no position' : lsnToText(row.position);
      return row !== null && row.position >= wanted ? last : undefined;
    });
    if (position === undefined)
      throw new StranglerError(
        'CATCH_UP_TIMEOUT',
        `the worker of the reference ${reference} stands at ${last} and did not reach ${stop} in time`,
        {
          details: { reference, stop, position: last },
          remedy:
            `strangler status ${reference} says what its worker does, strangler replicate ${reference} starts one. ` +
            'Nothing was changed.',
        },
      );
    passed[reference] = position;
  }
  return { references: passed };
}

/** Where they stand now. @throws StranglerError CATCH_UP_TIMEOUT for one that no stream fills */
export async function referencesSeen(move: MoveState): Promise<Detail> {
  const { references = [] } = move;
  if (references.length === 0) return {};
  const seen: Record<string, string> = {};
  for (const reference of references) {
    const row = await readStreamRow(await to(move), reference, 'forward');
    if (row === null)
      throw new StranglerError(
        'CATCH_UP_TIMEOUT',
        `the ${move.plan.to} has no position of the reference ${reference}`,
        { details: { reference } },
      );
    seen[reference] = lsnToText(row.position);
  }
  return { references: seen };
}
