import type { Environment } from './environment.ts';
import { settingRows, type Settings } from './settings.ts';

type LimitName = {
  [Name in keyof Settings]: Settings[Name] extends { readonly limit: true } ? Name : never;
}[keyof Settings];

/** Bounds of the facade's work; what each means stands in the table of settings. */
export type FacadeLimits = Readonly<Record<LimitName, number>>;

const rows = settingRows.filter((row) => row.limit);

export const defaultLimits = Object.fromEntries(
  rows.map((row) => [row.name, row.standard]),
) as FacadeLimits;

/** The limits that the environment may set. */
export const limitsOf = (environment: Environment): Partial<FacadeLimits> =>
  Object.fromEntries(
    rows.flatMap((row) =>
      row.variable === undefined ? [] : [[row.name, Reflect.get(environment, row.variable)]],
    ),
  );
