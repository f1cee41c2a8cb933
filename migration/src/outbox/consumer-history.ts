import { codeOf, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseName } from '../database/connect.ts';
import { lsnToText } from '../database/lsn.ts';
import { readHistory, storePosition } from '../replica/event-positions.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import type { Lsn } from '../stream/change-event.ts';
import { HistoryMarks } from '../stream/source/history-marks.ts';
import { readIdentity } from '../stream/source/history.ts';
import { compareHistory } from '../stream/source/require-same-history.ts';
import type { EventSource, Session } from './subscription.ts';

type EmbeddedSource = Extract<EventSource, { transport: 'embedded' }>;

/** A consumer may be allowed to read and not to write: then system and timeline are all that it can compare. */
const mayNotWrite = (error: unknown): boolean =>
  codeOf(error) === 'DB_PRIVILEGE' || codeOf(error) === '42501';

/**
 * A service's database that was restored has other events behind the same positions. Asked before the stream begins; `begin`
 * leaves the first mark once the stream is open.
 * @throws StranglerError HISTORY_CHANGED
 */
export async function openHistory(
  { service, url }: EmbeddedSource,
  { consumer, target }: Session,
  client: pg.Client,
  position: Lsn,
): Promise<{ begin(): Promise<HistoryMarks | null> }> {
  const source = { client, url, context: `${service}>${consumer}`, direction: 'forward' } as const;
  const subscriber = { consumer, service };
  const stored = await readHistory(target, subscriber);
  if (stored !== null) {
    const { why } = await compareHistory(source, stored, position);
    if (why !== null)
      throw new StranglerError(
        'HISTORY_CHANGED',
        `${consumer}: database ${databaseName(url)} of ${service} is not the one whose events were handled up to ` +
          `${lsnToText(position)}: ${why}. Nothing was handled or skipped`,
      );
  }
  return {
    async begin() {
      try {
        await installReplicaSchema(client);
        const marks = new HistoryMarks(source);
        await marks.begin(stored?.mark?.line);
        return marks;
      } catch (error) {
        if (!mayNotWrite(error)) throw error;
        const identity = await readIdentity(client);
        await storePosition(target, subscriber, position, { ...identity, mark: null });
        return null;
      }
    },
  };
}
