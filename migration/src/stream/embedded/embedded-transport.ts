import { probeTable } from '../../replica/probe.ts';
import { StranglerError } from '@strangler-toolkit/plan';
import { databaseName } from '../../database/connect.ts';
import { replicationNames } from '../source/replication-names.ts';
import { slotHealth } from '../source/slot-health.ts';
import { Asked, type StreamHealth } from '../stream-health.ts';
import type { StreamEnds, Transport } from '../transport.ts';
import { openEmbeddedStream } from './open-embedded-stream.ts';

/** The slot is read by the process that applies; nothing stands between. */
const embedded = (carriesForeign: boolean): Transport => ({
  kind: 'embedded',
  ownTables: [probeTable],
  proofTimeoutMs: 10_000,
  assertUsable: async () => {},
  plan: async () => [],
  announce: async () => {},
  ensure: async () => {},
  open: ({ context, direction, url }, { from, signal }) =>
    openEmbeddedStream({ url, context, direction, from, signal, carriesForeign }),
  remove: async () => {},
  // A message of our own in the log: the server answers probes with positions only of what it has decoded.
  nudge: async ({ client }) =>
    void (await client.query(`SELECT pg_logical_emit_message(true, 'strangler', 'watermark')`)),
  // Positions tell it all: the reader and the applier are one.
  unapplied: async () => [],
  health: slotAlone,
  check: async () => {},
  resync({ context }) {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      'resync asks Debezium to read a table again, and this context streams without it (transport embedded)',
      {
        remedy:
          `Find the rows that differ: strangler verify ${context} --json; then send them again: ` +
          `strangler verify ${context} --repair --keys <table:key> …`,
      },
    );
  },
});

export const embeddedTransport = embedded(false);
/** Nothing goes back, so nothing can go in circles: what another context's replication wrote to the tables is carried as well. */
export const embeddedOneWayTransport = embedded(true);

async function slotAlone({
  context,
  direction,
  url,
  withSource,
}: StreamEnds): Promise<StreamHealth> {
  const asked = new Asked();
  const { slot: name } = replicationNames(context, direction, databaseName(url));
  const slot = await asked.attempt(() => withSource(({ client }) => slotHealth(client, name)));
  return {
    direction,
    transport: 'embedded',
    slot,
    connector: null,
    beatAgeSeconds: null,
    partitions: null,
    problems: asked.problems,
  };
}
