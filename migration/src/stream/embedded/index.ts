export { embeddedTransport } from './embedded-transport.ts';
export { openEmbeddedStream } from './open-embedded-stream.ts';
export { type ChangeWatch, watchChanges } from './watch-changes.ts';
