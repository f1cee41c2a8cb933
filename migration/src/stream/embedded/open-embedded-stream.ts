import { codeOf, type Direction, StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { connect } from '../../database/connect.ts';
import { quoteIdentifier, quoteLiteral } from '../../database/identifiers.ts';
import { lsnToText } from '../../database/lsn.ts';
import { knows } from '../../database/supported-versions.ts';
import type { Lsn } from '../change-event.ts';
import type { ChangeStream } from '../change-stream.ts';
import { type ReplicationNames, replicationNames } from '../source/replication-names.ts';
import { EmbeddedStream } from './embedded-stream.ts';
import { assertStartable, streamFailure } from './open-slot.ts';
import type { ChunkLimits } from './transaction-builder.ts';

export interface EmbeddedStreamOptions {
  /** The source's database. */
  readonly url: string;
  readonly context: string;
  readonly direction: Direction;
  /** Default: those of the context's stream in this direction. */
  readonly names?: Pick<ReplicationNames, 'publication' | 'slot'>;
  /** First position wanted; 0 means wherever the slot stands. */
  readonly from: Lsn;
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /** How long to wait for a reader that was killed to vanish from the server (default 15 s). */
  readonly busyTimeoutMs?: number;
  readonly chunk?: Partial<ChunkLimits>;
  /** Also what replication itself wrote to the source (default false). */
  readonly carriesForeign?: boolean;
  /** Bytes that may wait for the consumer before reading stops (default 2 MB). */
  readonly highWaterBytes?: number;
}

const durationMs = (text: string): number => {
  const match = /^(\d+)(ms|s|min|h|d)?$/.exec(text);
  return (
    Number(match?.[1] ?? 60_000) *
    ({ ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }[match?.[2] ?? 'ms'] ?? 1)
  );
};

/**
 * Reads committed changes of a publication through its slot, in commit order.
 * @throws StranglerError SLOT_LOST, SLOT_BUSY, POSITION_GAP, DB_UNREACHABLE, DB_AUTH, DB_PRIVILEGE, NO_REPLICATION_SLOTS;
 * the iterator throws SLOT_LOST and DB_UNREACHABLE
 */
export async function openEmbeddedStream(options: EmbeddedStreamOptions): Promise<ChangeStream> {
  const deadline = performance.now() + (options.busyTimeoutMs ?? 15_000);
  for (;;) {
    const stream = await tryOpen(options);
    if (stream) return stream;
    if (options.signal?.aborted)
      throw new StranglerError(
        'CANCELLED',
        `Opening the ${options.direction} stream of ${options.context} was cancelled`,
      );
    if (performance.now() >= deadline)
      throw new StranglerError(
        'SLOT_BUSY',
        `The slot of the ${options.direction} stream of ${options.context} is read by another process`,
      );
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

async function tryOpen(options: EmbeddedStreamOptions): Promise<ChangeStream | undefined> {
  const client = await connect(options.url, {
    applicationName: `strangler-${options.context}-${options.direction}`,
    replication: true,
  });
  let opened = false;
  try {
    const { rows } = await client.query<{ database: string; version: string; timeout: string }>(
      `SELECT current_database() AS database, current_setting('server_version_num') AS version, ` +
        `current_setting('wal_sender_timeout') AS timeout`,
    );
    const { database = '', version = '0', timeout = '60s' } = rows[0] ?? {};
    const { slot, publication } =
      options.names ?? replicationNames(options.context, options.direction, database);
    if ((await assertStartable(client, slot, publication, options.from)) === 'busy')
      return undefined;
    const stream = new EmbeddedStream({
      client,
      slot,
      database,
      command: startCommand({ ...options, slot, publication }, Number(version)),
      from: options.from,
      limits: {
        events: options.chunk?.events ?? 1000,
        bytes: options.chunk?.bytes ?? 1_000_000,
        carriesForeign: options.carriesForeign === true,
      },
      highWaterBytes: options.highWaterBytes ?? 2_000_000,
      feedbackMs: feedbackInterval(durationMs(timeout)),
      signal: options.signal,
    });
    await stream.start();
    opened = true;
    return stream;
  } catch (error) {
    if (codeOf(error) === '55006') return undefined;
    throw streamFailure(error, `of the ${options.direction} stream of ${options.context}`);
  } finally {
    if (!opened) await endQuietly(client);
  }
}

const endQuietly = async (client: pg.Client): Promise<void> => client.end().catch(() => {});

/** Four times within the server's patience (0 = endless), so that one late timer does not cost the connection. */
const feedbackInterval = (walSenderTimeoutMs: number): number =>
  walSenderTimeoutMs === 0 ? 10_000 : Math.max(50, Math.min(10_000, walSenderTimeoutMs / 4));

function startCommand(
  {
    slot,
    publication,
    from,
    carriesForeign,
  }: Pick<ReplicationNames, 'slot' | 'publication'> &
    Pick<EmbeddedStreamOptions, 'from' | 'carriesForeign'>,
  version: number,
): string {
  // Changes that replication itself wrote would come back otherwise. An older server sends them, and the reader leaves them out.
  const origin = knows(version, 'originFilter') && !carriesForeign ? `, origin 'none'` : '';
  return (
    `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${lsnToText(from)} (proto_version ` +
    `'1', publication_names ${quoteLiteral(quoteIdentifier(publication))}${origin})`
  );
}
