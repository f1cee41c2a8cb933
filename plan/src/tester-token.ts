import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { StranglerError } from './errors.ts';
import { secretFrom, secretSource } from './secret-source.ts';

/** No client's header of such a name reaches an upstream. */
export const testerHeader = 'x-strangler-tester';
export const testerCookie = 'strangler-tester';

/** Who may say by a signed token which side answers the own reads. */
export const testerRules = z.strictObject({
  /** Secrets of 32 characters or more: the first signs, tokens of all of them count. */
  keys: z.array(secretSource).min(1),
  /** A token that was made for longer counts for nothing. */
  maxHours: z.number().positive().max(8_760).default(168),
});
export type TesterRules = z.output<typeof testerRules>;

export interface TesterToken {
  /** Whose reads go to the side. */
  readonly contexts: readonly string[];
  readonly side: 'monolith' | 'service';
  /** For whoever reads a log. */
  readonly who: string;
  /** Seconds since 1970. */
  readonly made: number;
  readonly expires: number;
}
export type TesterVerdict =
  | { readonly kind: 'taken'; readonly token: TesterToken }
  /** `forged`: it is not signed by one of the keys, or says nothing that one of them would sign. */
  | { readonly kind: 'expired' | 'too-long' | 'forged' };

const head = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');
const audience = 'strangler-tester';
const mostCharacters = 4_096;
const payload = z.object({
  aud: z.literal(audience),
  sub: z.string(),
  contexts: z.array(z.string().min(1)).min(1),
  side: z.enum(['monolith', 'service']),
  iat: z.number(),
  exp: z.number(),
});

const signature = (signed: string, key: string): Buffer =>
  createHmac('sha256', key).update(signed).digest();

/** As JWT (HS256). The head is always the same one, so that no token says how it is to be checked. */
export function makeTesterToken(
  { contexts, side, who, made, expires }: TesterToken,
  key: string,
): string {
  const said = { aud: audience, sub: who, contexts, side, iat: made, exp: expires };
  const signed = `${head}.${Buffer.from(JSON.stringify(said)).toString('base64url')}`;
  return `${signed}.${signature(signed, key).toString('base64url')}`;
}

export function readTesterToken(
  text: string,
  keys: readonly string[],
  { nowSeconds, maxHours }: { readonly nowSeconds: number; readonly maxHours: number },
): TesterVerdict {
  const [first, body = '', last = '', ...more] = text.split('.');
  if (text.length > mostCharacters || first !== head || more.length > 0) return { kind: 'forged' };
  const shown = Buffer.from(last, 'base64url');
  const isOurs = keys.some((key) => {
    const right = signature(`${first}.${body}`, key);
    return shown.length === right.length && timingSafeEqual(shown, right);
  });
  if (!isOurs) return { kind: 'forged' };
  const said = payload.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
  if (!said.success) return { kind: 'forged' };
  const { contexts, side, sub: who, iat: made, exp: expires } = said.data;
  if (nowSeconds >= expires) return { kind: 'expired' };
  if (expires - made > maxHours * 3_600) return { kind: 'too-long' };
  return { kind: 'taken', token: { contexts, side, who, made, expires } };
}

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_NOT_FOUND, CONFIG_INVALID */
export function testerKeys(
  { keys }: TesterRules,
  env: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] {
  const [first = '', ...others] = keys.map((source, index) => {
    const key = secretFrom(source, env);
    if (key.length >= 32) return key;
    throw new StranglerError(
      'CONFIG_INVALID',
      `edge: testers: keys[${index}] has fewer than 32 characters`,
      { remedy: 'Make one that nobody guesses: openssl rand -hex 32' },
    );
  });
  return [first, ...others];
}
