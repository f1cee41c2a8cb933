import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseName } from '../../database/connect.ts';
import { lsnToText } from '../../database/lsn.ts';
import { countedTo } from '../../replica/marks.ts';
import { readStreamRow, type StreamHistory } from '../../replica/streams.ts';
import type { Lsn } from '../change-event.ts';
import type { StreamSource } from '../transport.ts';
import { readAncestors, readIdentity } from './history.ts';
import { type FoundHistory, whyAnotherHistory } from './judge-history.ts';

const remedies = {
  forward: (context: string): string =>
    `If this is the database that counts now: strangler replicate ${context} --restart forgets what was applied and ` +
    'copies anew. If it is not, put the right one back: the worker goes on where it stopped.',
  reverse: (context: string): string =>
    `The service's database lost rows that the monolith has. Put the right one back, and the worker goes on where it ` +
    `stopped. If this one counts now: strangler replicate ${context} --restart begins the stream anew and empties nothing; ` +
    `strangler verify ${context} --json then names each row that differs.`,
} as const;

/** The source as it is found now, and why it is another history than the stored one; null: it is the same. */
export async function compareHistory(
  source: StreamSource,
  stored: StreamHistory,
  position: Lsn,
): Promise<{ readonly found: FoundHistory; readonly why: string | null }> {
  const identity = await readIdentity(source.client);
  const same = identity.timeline === stored.timeline;
  const found = {
    ...identity,
    ancestors: same ? [] : await readAncestors(source.url, identity.timeline),
    counted: stored.mark === null ? null : await countedTo(source.client, source, stored.mark.line),
  };
  return { found, why: whyAnotherHistory(stored, position, found) };
}

/**
 * A source that was restored from a backup or a snapshot has another log behind the same positions: what it wrote since would be
 * skipped, and what it lost would stay applied. Asked at every start of a stream, before anything is applied or skipped.
 * @throws StranglerError HISTORY_CHANGED
 */
export async function requireSameHistory(
  source: StreamSource,
  target: pg.Client,
  epoch: bigint,
): Promise<void> {
  const { context, direction, url } = source;
  const row = await readStreamRow(target, context, direction);
  // An earlier epoch's stream read another slot; its history is over.
  if (row === null || row.history === null || row.epoch !== epoch) return;
  const { found, why } = await compareHistory(source, row.history, row.position);
  if (why === null) return;
  throw new StranglerError(
    'HISTORY_CHANGED',
    `${context}: database ${databaseName(url)} is not the one whose changes were applied up to ` +
      `${lsnToText(row.position)} (${direction}): ${why}. Nothing was applied or skipped`,
    {
      details: {
        stored: { ...row.history, position: lsnToText(row.position) },
        found: { system: found.system, timeline: found.timeline, counted: found.counted },
      },
      remedy: remedies[direction](context),
    },
  );
}
