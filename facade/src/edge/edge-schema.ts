import { testerRules, upstreamTlsRules } from '@strangler-toolkit/plan/load';
import { z } from 'zod';
import { bodyLimits } from './body-limit.ts';
import { cacheRules } from './cache-rules.ts';
import { tlsRules } from './tls-rules.ts';
import { corsRules } from './cors.ts';
import { rewriteRules } from './rewrite-rules.ts';
import { jwtRules } from './jwt-rules.ts';
import { limitRules } from './limit-rules.ts';
import { sessionRules } from './session-rules.ts';

/** The duties of an edge, as the file says that FACADE_EDGE names. What is not there is not done. */
export const edgeSchema = z.strictObject({
  /** An address that an editor completes from. */
  $schema: z.string().optional(),
  jwt: jwtRules.optional(),
  cache: cacheRules.optional(),
  /** All that is kept, bytes (default 67108864). */
  cacheMaxBytes: z.number().int().min(1).optional(),
  tls: tlsRules.optional(),
  upstreamTls: upstreamTlsRules.optional(),
  /** Between two looks at the files of certificates (default 10). */
  tlsLookSeconds: z.number().positive().optional(),
  cors: corsRules.optional(),
  rewrites: rewriteRules.optional(),
  bodyLimits: bodyLimits.optional(),
  sessions: sessionRules.optional(),
  rateLimits: limitRules.optional(),
  testers: testerRules.optional(),
});

/** As somebody writes it: defaults may be left out. */
export type EdgeSettings = z.input<typeof edgeSchema>;
/** With its defaults. */
export type EdgeRules = z.output<typeof edgeSchema>;
