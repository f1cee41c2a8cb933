import type { Statement } from './facade-statements.ts';

/** Flags where no flag provider is set: on for everybody or off, in the control database. */
export interface ControlFlag {
  readonly name: string;
  readonly enabled: boolean;
}

export const readFlagsStatement = (): Statement => ({
  text: 'SELECT name, enabled FROM strangler_control.flags',
  values: [],
});

/** Of two results the second: whoever locks the table does not keep a facade from hearing of owners and holds. */
export const readFlagsSoonText = `SET LOCAL lock_timeout = '500ms'; ${readFlagsStatement().text}`;

/** Makes a flag that is missing. */
export const turnFlagOnStatement = (name: string): Statement => ({
  text: `
    INSERT INTO strangler_control.flags (name, enabled) VALUES ($1, true)
    ON CONFLICT (name) DO UPDATE SET enabled = true, changed_at = clock_timestamp()`,
  values: [name],
});

/** A flag that does not exist is off already. */
export const turnFlagOffStatement = (name: string): Statement => ({
  text: `
    UPDATE strangler_control.flags SET enabled = false, changed_at = clock_timestamp()
     WHERE name = $1`,
  values: [name],
});

export const forgetFlagsStatement = (names: readonly string[]): Statement => ({
  text: 'DELETE FROM strangler_control.flags WHERE name = ANY ($1::text[])',
  values: [names],
});
