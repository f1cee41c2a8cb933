import { quoteLiteral } from '../database/identifiers.ts';

/** A field of a JSON value, and what it is to hold: SQL that gives jsonb, or NULL where the field is to be missing. */
export interface FieldValue {
  readonly path: readonly string[];
  readonly value: string;
}

/**
 * SQL: a jsonb value with these fields as given and all others as they are. What is no object (NULL, JSON null) stays what it is
 * until a field is given. Each expression stands in it once, behind a FROM: a name of the caller means what it meant.
 */
export function mergeFields(document: string, fields: readonly FieldValue[]): string {
  const keys = [...new Set(fields.map(({ path }) => path[0] ?? ''))];
  const parts = keys.map((key) => {
    const within = fields.filter(({ path }) => path[0] === key);
    const [whole] = within.filter(({ path }) => path.length === 1);
    const value =
      whole?.value ??
      mergeFields(
        `(${document} -> ${quoteLiteral(key)})`,
        within.map((field) => ({ ...field, path: field.path.slice(1) })),
      );
    return (
      `(SELECT CASE WHEN v IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(${quoteLiteral(key)}, v) END ` +
      `FROM (SELECT ${value} AS v) AS field)`
    );
  });
  const names = `ARRAY[${keys.map(quoteLiteral).join(', ')}]::text[]`;
  return (
    `(SELECT CASE WHEN jsonb_typeof(d) = 'object' THEN (d - ${names}) || p WHEN p = '{}' THEN d ELSE p END ` +
    `FROM (SELECT ${document} AS d, ${parts.join(' || ')} AS p) AS merged)`
  );
}

/** What a row that is made begins with. */
export const noFields = (notNull: boolean): string => (notNull ? `'{}'::jsonb` : 'NULL::jsonb');
