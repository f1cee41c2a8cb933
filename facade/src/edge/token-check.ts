import { errors, jwtVerify, type JWSHeaderParameters, type JWTPayload } from 'jose';
import type { Problem } from '../proxy/problem.ts';
import { bearerOf } from './bearer.ts';
import { KeysUnavailable, type KeySet } from './key-set.ts';
import type { JwtRule } from './jwt-rules.ts';

export type TokenVerdict =
  | {
      readonly kind: 'good';
      /** Who asks, as the issuer says; undefined: the token names nobody. */
      readonly subject: string | undefined;
    }
  | { readonly kind: 'refused'; readonly problem: Problem };

const realm = 'Bearer realm="strangler-facade"';

const refused = (problem: Problem, challenge?: string): TokenVerdict => ({
  kind: 'refused',
  problem:
    challenge === undefined ? problem : { ...problem, headers: [['www-authenticate', challenge]] },
});
const required = refused(
  { status: 401, code: 'TOKEN_REQUIRED', detail: 'Say who asks: Authorization: Bearer <token>.' },
  realm,
);
const invalid = (why: string): TokenVerdict =>
  refused(
    { status: 401, code: 'TOKEN_INVALID', detail: `The token does not count: ${why}.` },
    `${realm}, error="invalid_token", error_description="${why}"`,
  );
const unavailable = refused({
  status: 503,
  code: 'TOKEN_KEYS_UNAVAILABLE',
  detail: 'The keys of the issuer of tokens could not be fetched. Try again.',
  retryAfterSeconds: 2,
});
const lacking = (scopes: readonly string[]): TokenVerdict =>
  refused(
    {
      status: 403,
      code: 'SCOPE_REQUIRED',
      detail: `The token lacks a scope of: ${scopes.join(' ')}.`,
    },
    `${realm}, error="insufficient_scope", scope="${scopes.join(' ')}"`,
  );

const claimsAtFault: Readonly<Record<string, string>> = {
  iss: 'it is of another issuer',
  aud: 'it is for another audience',
  nbf: 'it is not valid yet',
  exp: 'it has no time at which it ends',
};

/** Why a token does not count; never in words of the token's own. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimsAtFault[error.claim] ?? 'one of its claims is not right';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the issuer has no such key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is not right';
  return 'it is no token of the issuer';
}

/** As a list in one text (RFC 8693), or as Microsoft and Okta have it. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<string> {
  const said = scope ?? scp;
  if (Array.isArray(said)) return new Set(said.filter((one) => typeof one === 'string'));
  return new Set(typeof said === 'string' ? said.split(' ') : []);
}

async function verified(rule: JwtRule, keys: KeySet, token: string): Promise<JWTPayload> {
  const options = {
    issuer: rule.issuer,
    audience: rule.audience,
    algorithms: rule.algorithms,
    clockTolerance: rule.clockSkewSeconds,
    requiredClaims: ['exp'],
  };
  const keyOf = (header: JWSHeaderParameters) => keys.key(header, rule.keysSeconds * 1_000);
  try {
    return (await jwtVerify(token, keyOf, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    // a token that names no key, of an issuer that has several
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (other) {
        if (!(other instanceof errors.JWSSignatureVerificationFailed)) throw other;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Who asks, by a signed token of the rule's issuer; or how the request is refused. */
export async function checkToken(
  rule: JwtRule,
  keys: KeySet,
  rawHeaders: readonly string[],
): Promise<TokenVerdict> {
  const bearer = bearerOf(rawHeaders);
  if (bearer.kind === 'none') return required;
  if (bearer.kind === 'faulty') return invalid(bearer.why);
  try {
    const payload = await verified(rule, keys, bearer.token);
    const has = scopesOf(payload);
    if (!rule.scopes.every((scope) => has.has(scope))) return lacking(rule.scopes);
    return { kind: 'good', subject: payload.sub };
  } catch (error) {
    if (error instanceof KeysUnavailable) return unavailable;
    return invalid(reasonOf(error));
  }
}
