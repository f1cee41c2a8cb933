export { embeddedTransport } from './embedded-transport.ts';
export { type EmbeddedStreamOptions, openEmbeddedStream } from './open-embedded-stream.ts';
export {
  dropPublication,
  ensurePublication,
  publicationDifference,
  type PublicationChange,
} from './publication.ts';
export {
  createSlot,
  createSlotWithSnapshot,
  dropSlot,
  slotStatus,
  type SlotStatus,
  type SlotWithSnapshot,
} from './slot.ts';
