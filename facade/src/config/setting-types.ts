import { adminTokenRule, isAdminToken } from '@strangler-toolkit/plan';
import { z } from 'zod';

/** How the text of an environment variable is read. */
export const text = z.string();
export const word = z.string().min(1);
export const yesOrNo = z.enum(['0', '1']);
export const forwarderName = z.enum(['undici', 'middleware']);
export const logLevel = z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug']);
export const instanceName = z
  .string()
  .regex(/^[\w.-]{1,60}$/, 'letters, digits, dot, dash, underscore');
export const adminToken = z.string().refine(isAdminToken, adminTokenRule);
export const httpUrl = z.url({ protocol: /^https?$/ });
export const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
/** 0: any free one. */
export const port = z.coerce.number().int().min(0).max(65_535);

const positive = () => z.coerce.number().int().min(1);
export const milliseconds = positive();
/** 0: never. */
export const millisecondsOrNever = z.coerce.number().int().min(0);
export const bytes = positive();
/** From none to all. */
export const share = z.coerce.number().min(0).max(1);
/** How many of something. */
export const count = positive();
