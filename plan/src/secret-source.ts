import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StranglerError } from './errors.ts';

/** Where a secret stands; never in the file of the edge itself. */
export const secretSource = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_]\w*$/, 'the name of a variable') }),
  z.strictObject({ file: z.string().min(1) }),
]);
export type SecretSource = z.output<typeof secretSource>;

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_NOT_FOUND */
export function secretFrom(
  source: SecretSource,
  env: Readonly<Record<string, string | undefined>>,
): string {
  if ('file' in source) {
    try {
      return readFileSync(source.file, 'utf8').trim();
    } catch (cause) {
      throw new StranglerError('CONFIG_NOT_FOUND', `edge: ${source.file} cannot be read`, {
        cause,
        remedy: 'Name a file that this process may read.',
      });
    }
  }
  const value = env[source.env];
  if (value) return value;
  throw new StranglerError('CONFIG_ENV_MISSING', `${source.env} is not set (needed for the edge)`, {
    remedy: `Set ${source.env}; docs/guide/edge.md says to what.`,
  });
}
