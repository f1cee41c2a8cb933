import { openEmbeddedStream } from './open-embedded-stream.ts';
import type { Transport } from '../transport.ts';

/** The slot is read by the process that applies; nothing stands between. */
export const embeddedTransport: Transport = {
  kind: 'embedded',
  ownTables: [{ schema: 'strangler', table: 'probe' }],
  announce: async () => {},
  ensure: async () => {},
  open: ({ context, direction, url }, { from, signal }) =>
    openEmbeddedStream({ url, context, direction, from, signal }),
  remove: async () => {},
  // A message of our own in the log: the server answers probes with positions only of what it has decoded.
  nudge: async ({ client }) =>
    void (await client.query(`SELECT pg_logical_emit_message(true, 'strangler', 'watermark')`)),
  // Positions tell it all: the reader and the applier are one.
  unapplied: async () => [],
};
