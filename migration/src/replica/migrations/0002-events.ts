/** Whose history a consumer's position belongs to. */
export const events0002 = `
ALTER TABLE strangler.event_positions ADD COLUMN IF NOT EXISTS history jsonb;`;
