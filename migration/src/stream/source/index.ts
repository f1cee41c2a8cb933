export {
  dropPublication,
  ensurePublication,
  publicationDifference,
  type PublicationChange,
} from './publication.ts';
export { type ReplicationNames, replicationNames } from './replication-names.ts';
export {
  createSlot,
  createSlotWithSnapshot,
  dropSlot,
  slotStatus,
  type SlotStatus,
  type SlotWithSnapshot,
} from './slot.ts';
