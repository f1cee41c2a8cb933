export { embeddedTransport } from './embedded-transport.ts';
export { type EmbeddedStreamOptions, openEmbeddedStream } from './open-embedded-stream.ts';
