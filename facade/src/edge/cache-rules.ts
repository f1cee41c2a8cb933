import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

/** Routes whose answers are kept for others, as long as their upstreams say. */
export const cacheRules = z.array(
  z.strictObject({
    routes: whichRoutes,
    /** Largest body that is kept, bytes. */
    maxEntryBytes: z.number().int().min(1).default(262_144),
  }),
);
export type CacheRule = z.output<typeof cacheRules>[number];

/** All that is kept, bytes, where nobody says how much. */
export const defaultCacheBytes = 67_108_864;
