import type { Statement } from './facade-statements.ts';

/** Flags where no flag provider is set: on for everybody or off, in the control database. */
export interface ControlFlag {
  readonly name: string;
  readonly enabled: boolean;
  /** Hashes of those for whom it is on all the same. */
  readonly identities?: readonly string[] | null;
}

/**
 * Whoever is named is so until the flag is changed, also by a release that knows nothing of names. Read through the row's own
 * fields: the schema may be of a release before them.
 */
export const readFlagsStatement = (): Statement => ({
  text: `
    SELECT name, enabled,
           CASE WHEN fields->>'identities_at' = fields->>'changed_at' THEN fields->'identities' END AS identities
      FROM (SELECT name, enabled, to_jsonb(flag) AS fields FROM strangler_control.flags flag) flag`,
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

/** Makes a flag that is missing; for the named identities, and for everybody besides or not. */
export const nameFlagStatement = (
  name: string,
  enabled: boolean,
  identities: readonly string[],
): Statement => ({
  text: `
    INSERT INTO strangler_control.flags (name, enabled, identities, changed_at, identities_at)
    VALUES ($1, $2, $3, statement_timestamp(), statement_timestamp())
    ON CONFLICT (name) DO UPDATE
       SET enabled = excluded.enabled, identities = excluded.identities,
           changed_at = excluded.changed_at, identities_at = excluded.identities_at`,
  values: [name, enabled, identities],
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
