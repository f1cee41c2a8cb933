import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version of this package, from the package.json that lies two folders up in sources and builds alike. */
export const packageVersion = (): string =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')))
    .version;
