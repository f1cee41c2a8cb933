/** What tells a consumer over Kafka that topics or their source are not those any more which it knew. */
export const events0003 = `
ALTER TABLE strangler.event_positions ADD COLUMN IF NOT EXISTS handled jsonb NOT NULL DEFAULT '{}';
ALTER TABLE strangler.event_positions ADD COLUMN IF NOT EXISTS marks jsonb NOT NULL DEFAULT '{}';`;
