import { slotSeen } from './slot-seen.ts';

/** What was last seen of the slot that a connector reads. */
export const replication0005 = `
ALTER TABLE strangler.heartbeat ADD COLUMN IF NOT EXISTS slot_seen jsonb;${slotSeen}`;
