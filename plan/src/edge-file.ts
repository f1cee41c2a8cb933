import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import { StranglerError } from './errors.ts';

const path = z.string().min(1);
const isHttpsOrigin = (text: string): boolean =>
  URL.canParse(text) && new URL(text).origin === text && text.startsWith('https:');

/** How upstreams are known, and what they are shown. */
export const upstreamTlsRules = z.array(
  z
    .strictObject({
      /** Scheme, host and port, as an address of a context file begins. */
      address: z.string().refine(isHttpsOrigin, 'an address such as https://catalog:8443'),
      /** Whom the upstream's certificate must be signed by; without it, whom Node trusts. */
      ca: path.optional(),
      cert: path.optional(),
      key: path.optional(),
      /** The name that the upstream's certificate must have, where it is not the address's. */
      serverName: z.string().min(1).optional(),
    })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined), {
      message: 'a certificate needs its key, and a key its certificate',
    }),
);
/** Whom an address is believed to be, and what it is shown. */
export interface AskedSecurely {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
}
export type UpstreamTlsRule = z.output<typeof upstreamTlsRules>[number];

const remedy = 'Mend the named field of the edge file (docs/guide/edge.md shows each duty).';

/** The file that FACADE_EDGE names, as it is written. @throws StranglerError CONFIG_NOT_FOUND, CONFIG_INVALID */
export async function readEdgeFile(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new StranglerError('CONFIG_NOT_FOUND', `${file} cannot be read`, {
      cause,
      remedy: 'Point FACADE_EDGE at a JSON file with the duties of the edge.',
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `${file} is no JSON: ${String(cause)}`, {
      cause,
      remedy,
    });
  }
}

/** One duty as it says. @throws StranglerError CONFIG_INVALID */
export function edgeDuty<T extends z.ZodType>(
  written: unknown,
  duty: string,
  rules: T,
): z.output<T> | undefined {
  const said: unknown = Reflect.get(Object(written), duty);
  if (said === undefined) return undefined;
  const parsed = rules.safeParse(said);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StranglerError(
    'CONFIG_INVALID',
    `edge: ${[duty, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'invalid'}`,
    { remedy, cause: parsed.error },
  );
}

/** How an upstream is known, and what it is shown: never a name that a client says. */
export function securelyBy(rule: UpstreamTlsRule): AskedSecurely {
  const host = new URL(rule.address).hostname.replace(/^\[|\]$/g, '');
  return {
    ...(rule.ca !== undefined && { ca: readFileSync(rule.ca) }),
    ...(rule.cert !== undefined && { cert: readFileSync(rule.cert) }),
    ...(rule.key !== undefined && { key: readFileSync(rule.key) }),
    servername: rule.serverName ?? (isIP(host) === 0 ? host : ''),
  };
}
