/** How a column's texts are sorted; of a nondeterministic one also what it takes for equal. */
export interface CollationCatalog {
  readonly provider: 'libc' | 'icu' | 'builtin';
  readonly locale: string;
  /** Further rules of ICU. */
  readonly rules?: string;
  /** Of the library that sorts, as the server knows it; null: it cannot tell. */
  readonly version: string | null;
  /** Which letters `citext` takes for the same: by the database's own locale, whatever the column's. */
  readonly folding: string;
}

/** Rows of `pg_collation` and `pg_database` as `to_jsonb` writes them: releases name their columns differently. */
type CatalogRow = Readonly<Record<string, string | null>>;
export interface FoundCollation {
  /** Null: the database's. */
  readonly own: CatalogRow | null;
  readonly database: CatalogRow;
  readonly version: string | null;
}

/**
 * SQL: what `collationOf` reads, as JSON, of the column `a`. A row as JSON is dear, and there are hundreds of collations: the
 * database's is made once for a column, which OFFSET 0 is for.
 */
export const collationColumn = `(SELECT json_build_object(
    'own', CASE WHEN l.collprovider <> 'd' THEN to_jsonb(l) END,
    'database', d.row,
    -- what the database's own is sorted by has no row of its own: one of the same library tells
    'version', coalesce(
      CASE WHEN l.collprovider <> 'd' THEN pg_collation_actual_version(l.oid) END,
      (SELECT pg_collation_actual_version(x.oid) FROM pg_collation x WHERE l.collprovider = 'd'
         AND x.collprovider::text = d.provider
         AND (x.collprovider = 'i' OR x.collcollate = d.datcollate) ORDER BY x.collname = 'und-x-icu' DESC LIMIT 1)))
  FROM pg_collation l, (SELECT datcollate, coalesce(to_jsonb(p) ->> 'datlocprovider', 'c') AS provider,
           jsonb_build_object('datlocprovider', 'c') || (to_jsonb(p) - 'datacl') AS row
    FROM pg_database p WHERE datname = current_database() OFFSET 0) d WHERE l.oid = a.attcollation)`;

const providers: Readonly<Record<string, CollationCatalog['provider']>> = {
  c: 'libc',
  i: 'icu',
  b: 'builtin',
};
/** `en_US.UTF-8` is `en_US.utf8`. */
const normalised = (locale: string): string =>
  locale.replace(/\.([^@]*)/, (_, codeset: string) => `.${codeset.toLowerCase().replace('-', '')}`);

export function collationOf({ own, database, version }: FoundCollation): CollationCatalog {
  const of = (row: CatalogRow, prefix: string, libc: string): CollationCatalog => {
    const provider = providers[row[`${prefix}provider`] ?? 'c'] ?? 'libc';
    const locale =
      provider === 'libc'
        ? row[libc]
        : (row[`${prefix}locale`] ?? row[`${prefix}iculocale`] ?? row[libc]);
    const rules = row[`${prefix}icurules`] ?? undefined;
    return {
      provider,
      locale: normalised(locale ?? ''),
      ...(rules !== undefined && { rules }),
      version,
      folding: '',
    };
  };
  const inDatabase = (libc: string): CollationCatalog =>
    of(
      {
        ...database,
        datprovider: database.datlocprovider ?? null,
        daticulocale: database.daticulocale ?? null,
      },
      'dat',
      libc,
    );
  const folds = inDatabase('datctype');
  return {
    ...(own === null ? inDatabase('datcollate') : of(own, 'coll', 'collcollate')),
    folding: `${folds.provider} ${folds.locale}`,
  };
}

/** Bytes in their order, whichever library is asked. */
const plain = new Set(['C', 'POSIX', 'C.utf8', 'PG_UNICODE_FAST']);
const isPlain = ({ provider, locale }: CollationCatalog): boolean =>
  provider !== 'icu' && plain.has(locale);

export const describeCollation = (one: CollationCatalog): string =>
  `${one.locale} (${one.provider}${one.version === null ? '' : ` ${one.version}`}` +
  `${one.rules === undefined ? '' : ', with rules'})`;

/** Whether both are written alike, whatever their libraries' releases: what is equal, of nondeterministic ones. */
export const sameDefinition = (one: CollationCatalog, other: CollationCatalog): boolean =>
  one.provider === other.provider && one.locale === other.locale && one.rules === other.rules;

/** Whether both sort alike, as far as anybody can tell. */
export const sameOrder = (one: CollationCatalog, other: CollationCatalog): boolean =>
  (isPlain(one) && isPlain(other)) ||
  (sameDefinition(one, other) &&
    (one.version === other.version || one.version === null || other.version === null));
