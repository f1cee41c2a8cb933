import type pg from 'pg';

type Kind = 'base' | 'enum' | 'composite' | 'range' | 'multirange' | 'domain' | 'pseudo';

/** A column's type, as far as Debezium's form of its values hangs on it. */
export interface DecoderColumn {
  readonly name: string;
  /** What it comes down to when it is a domain. Types outside of pg_catalog by their bare name. */
  readonly type: string;
  readonly kind: Kind;
  /** Of arrays; not looked through when it is a domain, as Debezium does not either. */
  readonly element: { readonly type: string; readonly kind: Kind } | null;
  readonly domain: boolean;
  /** What its text is made of: the columns of a composite type, the bounds of a range that is not built in. */
  readonly parts: readonly string[];
}

const query = `
WITH RECURSIVE columns AS (SELECT * FROM json_to_recordset($1::json) AS c(n int, oid bigint, modifier int)),
chain AS (
  SELECT n, oid::oid, modifier, 0 AS depth FROM columns
  UNION ALL
  SELECT chain.n, t.typbasetype, CASE WHEN t.typtypmod = -1 THEN chain.modifier ELSE t.typtypmod END, depth + 1
    FROM chain JOIN pg_type t ON t.oid = chain.oid WHERE t.typtype = 'd'
)
SELECT coalesce(json_agg(json_build_object('n', chain.n, 'domain', depth > 0, 'kind', t.typtype, 'elementKind', e.typtype,
    'type', CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format_type(t.oid, chain.modifier) ELSE t.typname END,
    'parts', CASE t.typtype
      WHEN 'c' THEN (SELECT json_agg(format_type(a.atttypid, NULL)) FROM pg_attribute a
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
      WHEN 'r' THEN (SELECT json_agg(format_type(r.rngsubtype, NULL)) FROM pg_range r WHERE r.rngtypid = t.oid)
      -- version 14 and newer have multiranges, and the column of the catalog
      WHEN 'm' THEN (SELECT json_agg(format_type(r.rngsubtype, NULL)) FROM pg_range r
        WHERE (to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid) END,
    'element', CASE WHEN e.typnamespace = 'pg_catalog'::regnamespace THEN format_type(e.oid, chain.modifier)
      ELSE e.typname END)), '[]')::text AS types
FROM chain JOIN pg_type t ON t.oid = chain.oid LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
WHERE t.typtype <> 'd'`;

const kinds: Readonly<Record<string, Kind>> = {
  b: 'base',
  e: 'enum',
  c: 'composite',
  r: 'range',
  m: 'multirange',
  d: 'domain',
  p: 'pseudo',
};

interface Found {
  readonly n: number;
  readonly domain: boolean;
  readonly kind: string;
  readonly type: string;
  readonly element: string | null;
  readonly elementKind: string | null;
  readonly parts: readonly string[] | null;
}

/** A type's name does not say what it is: asks the catalog. A type that it does not know any more is left out. */
export async function resolveColumnTypes(
  client: Pick<pg.Client, 'query'>,
  columns: readonly { readonly name: string; readonly oid: number; readonly modifier: number }[],
): Promise<readonly DecoderColumn[]> {
  const { rows } = await client.query<{ types: string }>(query, [
    JSON.stringify(columns.map(({ oid, modifier }, n) => ({ n, oid, modifier }))),
  ]);
  const found = new Map(
    (JSON.parse(rows[0]?.types ?? '[]') as Found[]).map((type) => [type.n, type]),
  );
  return columns.flatMap(({ name }, n) => {
    const type = found.get(n);
    if (type === undefined) return [];
    const element =
      type.element === null
        ? null
        : { type: type.element, kind: kinds[type.elementKind ?? ''] ?? 'pseudo' };
    return {
      name,
      type: element === null ? type.type : `${element.type}[]`,
      kind: kinds[type.kind] ?? 'pseudo',
      element,
      domain: type.domain,
      parts: type.parts ?? [],
    };
  });
}
