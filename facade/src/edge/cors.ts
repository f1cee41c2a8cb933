import { z } from 'zod';
import { rawHeader } from '../proxy/raw-headers.ts';
import { withoutHeaders } from './rewrite.ts';
import { whichRoutes } from './which-routes.ts';

const isOrigin = (text: string): boolean =>
  text === '*' || (URL.canParse(text) && new URL(text).origin === text);
const token = z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'a name of a header');

/** Whose pages in browsers may ask; of a request counts the first rule that its route falls under. */
export const corsRules = z.array(
  z
    .strictObject({
      routes: whichRoutes,
      origins: z
        .array(
          z.string().refine(isOrigin, 'an origin as browsers say it: https://shop.example.com'),
        )
        .min(1),
      /** With cookies and what else browsers send for who they know. */
      credentials: z.boolean().default(false),
      /** Headers that pages may send; without it those that they ask for. */
      allowHeaders: z.array(token).optional(),
      /** Headers of answers that pages may read, besides the few that all may. */
      exposeHeaders: z.array(token).default([]),
      /** How long browsers may remember what a preflight said. */
      maxAgeSeconds: z.number().int().min(0).default(600),
    })
    .refine(({ origins, credentials }) => !credentials || !origins.includes('*'), {
      path: ['origins'],
      message: 'name each origin: pages of any site would act for whoever is logged in',
    }),
);
export type CorsRule = z.output<typeof corsRules>[number];

const isAnybody = ({ origins }: CorsRule): boolean => origins.includes('*');
export const mayAsk = (rule: CorsRule, origin: string): boolean =>
  isAnybody(rule) || rule.origins.includes(origin);

/**
 * What all of them grant: an answer for several contexts is read by whoever may read each. Undefined rule: that one's upstream
 * says so, and nobody can say it for both.
 */
export function whatAllGrant(rules: readonly (CorsRule | undefined)[]): CorsRule | undefined {
  const said = rules.filter((rule) => rule !== undefined);
  const [first, ...rest] = said;
  if (!first) return undefined;
  const granted = rest.reduce(whatBothGrant, first);
  return said.length === rules.length ? granted : { ...granted, origins: [] };
}

const whatBothGrant = (one: CorsRule, other: CorsRule): CorsRule => ({
  ...one,
  origins: isAnybody(one) ? other.origins : one.origins.filter((origin) => mayAsk(other, origin)),
  credentials: one.credentials && other.credentials,
  exposeHeaders: one.exposeHeaders.filter((name) =>
    other.exposeHeaders.some((exposed) => exposed.toLowerCase() === name.toLowerCase()),
  ),
});

/** The rule by which a page may ask where any of them would do: which one counts, only its request tells. */
export const ruleThatLets = (
  rules: readonly (CorsRule | undefined)[],
  origin: string,
): CorsRule | undefined =>
  rules.find((rule) => rule && mayAsk(rule, origin)) ?? rules.find((rule) => rule !== undefined);

/** Pairs that say to a browser that its page may have an answer; what differs by origin says so to caches, also where it says no. */
export function corsHeaders(rule: CorsRule, origin: string | undefined): [string, string][] {
  const pairs: [string, string][] = isAnybody(rule) ? [] : [['vary', 'Origin']];
  if (origin === undefined || !mayAsk(rule, origin)) return pairs;
  pairs.push(['access-control-allow-origin', isAnybody(rule) ? '*' : origin]);
  if (rule.credentials) pairs.push(['access-control-allow-credentials', 'true']);
  if (rule.exposeHeaders.length > 0)
    pairs.push(['access-control-expose-headers', rule.exposeHeaders.join(', ')]);
  return pairs;
}

/** A browser's question whether its page may ask (Fetch §3.2.2). */
export interface Preflight {
  readonly origin: string;
  readonly method: string;
  readonly headers: string | undefined;
}

export function preflightOf(method: string, raw: readonly string[]): Preflight | undefined {
  if (method !== 'OPTIONS') return undefined;
  const origin = rawHeader(raw, 'origin');
  const asked = rawHeader(raw, 'access-control-request-method');
  if (origin === undefined || asked === undefined || !token.safeParse(asked).success)
    return undefined;
  return { origin, method: asked, headers: rawHeader(raw, 'access-control-request-headers') };
}

/** Only names: what a page writes into its question stands in the answer. */
const isList = (text: string): boolean =>
  text.split(',').every((name) => token.safeParse(name.trim()).success);

/** The answer to a preflight; without the right to ask, one that grants nothing. */
export function preflightHeaders(
  rule: CorsRule,
  { origin, method, headers }: Preflight,
): [string, string][] {
  const vary: [string, string] = [
    'vary',
    'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  ];
  if (!mayAsk(rule, origin)) return [vary];
  const pairs = corsHeaders({ ...rule, exposeHeaders: [] }, origin).filter(
    ([name]) => name !== 'vary',
  );
  pairs.push(vary, ['access-control-allow-methods', method]);
  const allowed = rule.allowHeaders?.join(', ') ?? headers;
  if (allowed && isList(allowed)) pairs.push(['access-control-allow-headers', allowed]);
  pairs.push(['access-control-max-age', String(rule.maxAgeSeconds)]);
  return pairs;
}

/** An upstream's head where the facade says who may read it: nobody else does, and its own `Vary` stays. */
export function withoutUpstreamsCors(raw: readonly string[], rule: CorsRule): string[] {
  const varies = isAnybody(rule) ? [] : raw.flatMap((name, index) => variesBy(raw, name, index));
  const rest = withoutHeaders(
    raw,
    (name) => name.startsWith('access-control-') || (varies.length > 0 && name === 'vary'),
  );
  if (varies.length === 0) return rest;
  const all = varies.join(', ');
  return [...rest, 'Vary', /(?:^|,)\s*(?:\*|origin)\s*(?:,|$)/i.test(all) ? all : `${all}, Origin`];
}

const variesBy = (raw: readonly string[], name: string, index: number): string[] =>
  index % 2 === 0 && name.toLowerCase() === 'vary' ? [raw[index + 1] ?? ''] : [];
