import { secretSource } from '@strangler-toolkit/plan/load';
import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

const pointer = z.string().regex(/^\/./, 'a JSON pointer such as /user/id');
const path = z.string().regex(/^\/[^\s#]*$/, 'a path');
/** What the facade says of a token itself. */
const registered = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti']);

/** Whose service learns who has a session of the monolith; of a request counts the first rule that its route falls under. */
export const sessionRules = z.array(
  z.strictObject({
    routes: whichRoutes,
    /** The cookies that carry a session. */
    cookies: z.array(z.string().regex(/^[^\s=;,"]+$/, 'the name of a cookie')).min(1),
    /** The monolith's path that tells who has the session: 200 and JSON, 401 where nobody has. */
    whoAmI: path,
    /** Where in its answer the subject stands. */
    subject: pointer.default('/id'),
    /** Further claims of the token, by name, and where they stand. */
    claims: z
      .record(z.string(), pointer)
      .refine(
        (all) => !Object.keys(all).some((name) => registered.has(name)),
        "iss, sub, aud, exp, nbf, iat and jti are the facade's",
      )
      .default({}),
    /** Private keys (PEM, Ed25519 or P-256): the first signs, all of them are published. */
    keys: z.array(secretSource).min(1),
    issuer: z.string().min(1).default('strangler-facade'),
    audience: z.string().min(1),
    /** Carries the token; `authorization` replaces the client's own. */
    header: z
      .string()
      .regex(/^(?:x-strangler-[a-z-]+|authorization)$/, 'x-strangler-<name>, or authorization')
      .default('x-strangler-identity'),
    /** Until the monolith is asked again about a session. */
    cacheSeconds: z.number().min(0).max(45).default(30),
    timeoutMs: z.number().int().min(1).default(1_000),
    /** Sessions that are remembered. */
    maxSessions: z.number().int().min(1).default(10_000),
    /** Method and path of requests after which it may be somebody else's, besides those whose answers set a cookie. */
    changes: z.array(z.string().regex(/^[A-Z]+ \/[^\s?#]*$/, 'METHOD /path')).default([]),
  }),
);
export type SessionRule = z.output<typeof sessionRules>[number];
