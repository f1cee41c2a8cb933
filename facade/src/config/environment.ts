import { StranglerError } from '@strangler-toolkit/plan';
import { z } from 'zod';
import { settingRows, type Settings } from './settings.ts';

type Variable = {
  [Name in keyof Settings]: Settings[Name] extends { readonly variable: infer V extends string }
    ? V
    : never;
}[keyof Settings];
type RowOf<V extends Variable> = Extract<Settings[keyof Settings], { readonly variable: V }>;

/** What the environment says, by the names of its variables, defaults filled in. */
export type Environment = { readonly [V in Variable]: z.output<RowOf<V>['type']> };

const types = new Map(
  settingRows.flatMap(({ variable, type, standard }): [string, z.ZodType][] =>
    variable === undefined
      ? []
      : [[variable, standard === undefined ? type : type.prefault(String(standard))]],
  ),
);
const schema = z.object(Object.fromEntries(types));

/** @throws StranglerError CONFIG_ENV_MISSING, CONFIG_INVALID */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const given = Object.fromEntries(
    [...types.keys()].map((variable) => [
      variable,
      env[variable] === '' ? undefined : env[variable],
    ]),
  );
  if (given.MONOLITH_URL === undefined) {
    throw new StranglerError('CONFIG_ENV_MISSING', 'MONOLITH_URL is not set', {
      remedy:
        'Set MONOLITH_URL to the address of the monolith; strangler-facade --help lists all variables.',
    });
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data as Environment;
  const issue = parsed.error.issues[0];
  throw new StranglerError(
    'CONFIG_INVALID',
    `${issue?.path.join('.') ?? 'environment'}: ${issue?.message ?? 'invalid'}`,
    { remedy: 'strangler-facade --help lists all variables.', cause: parsed.error },
  );
}
