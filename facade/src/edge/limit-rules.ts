import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

/** How often somebody may ask; of a request count all rules that its route falls under. */
export const limitRules = z.array(
  z.strictObject({
    routes: whichRoutes,
    /** So many requests to one route … */
    requests: z.number().int().min(1).max(1_000_000_000),
    /** … in so many seconds, which begin with the first of them. */
    seconds: z.number().int().min(1).max(86_400),
    /** Who is counted: whom token or context know, addresses, or all together. */
    per: z.enum(['identity', 'address', 'all']).default('identity'),
    /** Each facade counts on its own, or all of them together, in the control database. */
    store: z.enum(['memory', 'control']).default('memory'),
    /** In the headers of answers (default: what it allows). */
    name: z
      .string()
      .regex(/^[\w.-]{1,60}$/, 'letters, digits, dot, dash, underscore')
      .optional(),
  }),
);
export type LimitRule = z.output<typeof limitRules>[number];
