import { facadeHeaders, hopByHopHeaders } from '@strangler-toolkit/plan';
import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

/** Where a message begins and ends, who asks, and which request it is: nobody but the facade says that. */
const ours = new Set([...hopByHopHeaders, ...facadeHeaders]);
const framing = /^(?:host|content-length|content-encoding|traceparent|x-request-id|expect)$/;
const isOurs = (name: string): boolean => {
  const lower = name.toLowerCase().replaceAll('_', '-');
  return ours.has(lower) || framing.test(lower) || /^x-(?:forwarded|strangler)-/.test(lower);
};
const headerName = z
  .string()
  .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'a name of a header')
  .refine((name) => !isOurs(name), 'the facade says this header itself');
const headerValue = z.string().regex(/^[\t\x20-\x7e]*$/, 'letters of ASCII, no line breaks');
const pointer = z
  .string()
  .regex(/^(?:\/[^/]+)*\/(?!\*$)[^/]+$/, 'a pointer to a field: /items/*/price');

const message = z.strictObject({
  setHeaders: z.record(headerName, headerValue).default({}),
  removeHeaders: z.array(headerName).default([]),
  renameFields: z.record(pointer, z.string().min(1)).default({}),
});

/** What becomes of requests on their way to a side, and of its answers; the first rule for route and side counts. */
export const rewriteRules = z.array(
  z.strictObject({
    routes: whichRoutes,
    /** One side only. */
    side: z.enum(['monolith', 'service']).optional(),
    request: message.optional(),
    answer: message.optional(),
    /** Largest body whose fields are renamed, bytes. */
    maxBytes: z.number().int().min(1).default(1_048_576),
    /** What becomes of a body whose fields cannot be renamed. */
    otherwise: z.enum(['pass', 'refuse']).default('pass'),
  }),
);
export type RewriteRule = z.output<typeof rewriteRules>[number];
