export { dropPublication, ensurePublication, publicationDifference } from './publication.ts';
export { type ReplicationNames, replicationNames } from './replication-names.ts';
export {
  createSlot,
  createSlotWithSnapshot,
  dropSlot,
  makingSlot,
  slotStatus,
  type SlotWithSnapshot,
} from './slot.ts';
