import { openEmbeddedStream } from './open-embedded-stream.ts';
import type { Transport } from '../transport.ts';

/** The slot is read by the process that applies; nothing stands between. */
export const embeddedTransport: Transport = {
  kind: 'embedded',
  ownTables: [{ schema: 'strangler', table: 'probe' }],
  announce: async () => {},
  ensure: async () => {},
  open: ({ context, direction, url }, { from, signal }) => openEmbeddedStream({ url, context, direction, from, signal }),
  remove: async () => {},
};
