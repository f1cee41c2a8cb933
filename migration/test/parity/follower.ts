import type { TableMapping } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { prepareApplySession } from '../../src/apply/apply-session.ts';
import { createApplier } from '../../src/apply/applier.ts';
import { openStreamRow } from '../../src/replica/streams.ts';
import { connect, databaseName } from '../../src/database/connect.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';
import { loadMapping } from '../../src/mapping/load.ts';
import type { CompiledMapping } from '../../src/mapping/compiled-mapping.ts';
import type { ChangeEvent, Lsn } from '../../src/stream/change-event.ts';
import type { Checkpoint, StreamMessage } from '../../src/stream/change-stream.ts';
import { replicationNames } from '../../src/stream/index.ts';
import type { Leg, Transaction } from './kafka-source.ts';

/** Applies a stream to a target database, as a worker does, and remembers what it was given. */
export interface Follower extends AsyncDisposable {
  readonly transactions: readonly Transaction[];
  readonly mapping: CompiledMapping;
  readonly target: pg.Client;
  readonly appliedPosition: () => Promise<Lsn>;
  checkpoint(): Promise<Checkpoint>;
  /** From the stored position; `slow` is awaited before each batch. */
  start(slow?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
  /** What it ended with, if it did by itself. */
  readonly failure: unknown;
}

/** `onChange` sees every event before it is applied. */
export async function follow(
  leg: Leg,
  targetUrl: string,
  tables: readonly TableMapping[],
  onChange: (event: ChangeEvent) => void = () => {},
): Promise<Follower> {
  const { context, client: source } = leg.source;
  const target = await connect(targetUrl, { applicationName: 'test' });
  await installReplicaSchema(target);
  const mapping = await loadMapping(
    {
      context,
      data: 'replicated',
      monolith: { url: '' },
      service: { url: '' },
      routes: [],
      tables,
    },
    source,
    target,
  );
  await openStreamRow(
    target,
    { context: context, direction: 'forward' },
    { epoch: 1n, position: leg.position },
  );
  const transactions: Transaction[] = [];
  let open: { xid: number; commitTime: bigint; events: ChangeEvent[] } | undefined;
  const note = (message: StreamMessage): void => {
    if (message.kind === 'begin')
      open = { xid: message.xid, commitTime: message.commitTime, events: [] };
    else if (message.kind === 'changes') {
      open?.events.push(...message.events);
      message.events.forEach(onChange);
    } else if (message.kind === 'commit' && open !== undefined && open.events.length > 0)
      transactions.push({
        ...open,
        commitLsn: message.commitLsn,
        endLsn: message.endLsn,
        checkpoint: message.checkpoint,
      });
  };
  const row = async (): Promise<{ position: bigint; checkpoint: Checkpoint }> => {
    const { rows } = await target.query(
      `SELECT (position - '0/0')::text AS position, checkpoint FROM strangler.streams WHERE context = $1 AND direction = 'forward'`,
      [context],
    );
    const { position, checkpoint } = rows[0] as {
      position: string;
      checkpoint: string | Checkpoint;
    };
    return {
      position: BigInt(position),
      checkpoint:
        typeof checkpoint === 'string' ? (JSON.parse(checkpoint) as Checkpoint) : checkpoint,
    };
  };
  let stop = async (): Promise<void> => {};
  const follower = {
    transactions,
    mapping,
    target,
    failure: undefined as unknown,
    appliedPosition: async () => (await row()).position,
    checkpoint: async () => (await row()).checkpoint,
    async start(slow = async () => {}) {
      const client = await connect(targetUrl, { applicationName: 'test-applier' });
      await prepareApplySession(
        client,
        replicationNames(context, 'forward', databaseName(targetUrl)).origin,
      );
      const applier = createApplier({ client, mapping, context, direction: 'forward', epoch: 1n });
      const { position, checkpoint } = await row();
      const { stream } = await leg.open({ from: position, checkpoint });
      const nudge = setInterval(() => stream.probe(), 100);
      const running = (async () => {
        for (;;) {
          const messages = await stream.take();
          if (messages.length === 0) return;
          await slow();
          const applied = await applier.apply(messages);
          messages.forEach(note);
          if (applied) stream.acknowledge(applied.position);
        }
      })().catch((error: unknown) => (follower.failure = error));
      stop = async () => {
        clearInterval(nudge);
        await stream.close();
        await running;
        await client.end();
      };
    },
    async stop() {
      await stop();
      stop = async () => {};
    },
    async [Symbol.asyncDispose]() {
      await follower.stop();
      await target.query(
        'SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin WHERE roname = $1',
        [replicationNames(context, 'forward', databaseName(targetUrl)).origin],
      );
      await target.end();
    },
  };
  return follower;
}
