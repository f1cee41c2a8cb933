import { z } from 'zod';
import { whichRoutes } from './which-routes.ts';

/** Signed with a private key. A secret that both sides know (HS256) makes every verifier an issuer, and `none` makes everybody one. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Whose tokens are asked for; of a request counts the first rule that its route falls under. */
export const jwtRules = z.array(
  z.strictObject({
    routes: whichRoutes,
    /** The `iss` of its tokens, letter by letter. */
    issuer: z.string().min(1),
    /** One of these must be in `aud`. */
    audience: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    /** Where its keys are published. */
    jwks: z.url({ protocol: /^https?$/ }),
    /** All of these must be in `scope` (or `scp`). */
    scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope')).default([]),
    algorithms: z
      .array(z.enum(algorithms))
      .min(1)
      .default([...algorithms]),
    /** How far the issuer's clock may be off. */
    clockSkewSeconds: z.number().min(0).max(300).default(30),
    /** Keys older than this are asked for again, beside the requests. */
    keysSeconds: z.number().min(1).default(600),
  }),
);
export type JwtRule = z.output<typeof jwtRules>[number];
