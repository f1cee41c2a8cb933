import type { Environment } from './environment.ts';
import { limitSettings, type Setting } from './settings.ts';

/** Bounds of the facade's work; what each means stands in the table of settings. */
export type FacadeLimits = Readonly<Record<keyof typeof limitSettings, number>>;

const rows = Object.entries<Setting>(limitSettings);

export const defaultLimits = Object.fromEntries(
  rows.map(([name, { standard }]) => [name, standard]),
) as FacadeLimits;

/** The limits that the environment may set. */
export const limitsOf = (environment: Environment): Partial<FacadeLimits> =>
  Object.fromEntries(
    rows.flatMap(([name, { variable }]) =>
      variable === undefined ? [] : [[name, Reflect.get(environment, variable)]],
    ),
  );
