import { z } from 'zod';

const path = z.string().min(1);

/** The clients' port speaks TLS; the files are looked at again while the facade runs. */
export const tlsRules = z.strictObject({
  cert: path,
  key: path,
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
});

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

/** Seconds between two looks at the files, where nobody says how many. */
export const defaultTlsLookSeconds = 10;
