import { z } from 'zod';

const path = z.string().min(1);

/** The clients' port speaks TLS; the files are looked at again while the facade runs. */
export const tlsRules = z.strictObject({
  cert: path,
  key: path,
  minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'),
});

/** Seconds between two looks at the files, where nobody says how many. */
export const defaultTlsLookSeconds = 10;
