export interface ColumnMapping {
  /** Column of the service's table. */
  readonly to: string;
  /** Monolith text → service text; must be one-to-one, so that the way back exists. Others pass unchanged. */
  readonly values?: Readonly<Record<string, string>>;
  /**
   * Between `timestamp` and `timestamptz`: the zone in which the one without zone is to be read. Only UTC comes back as it
   * went: where clocks are put back, two moments have one local time.
   */
  readonly zone?: 'UTC';
  /**
   * How each value becomes the service's, where the types differ. A value without an exact way back is refused, never
   * rounded: the row waits as a dead letter.
   */
  readonly as?: ConversionName;
  /**
   * A conversion of your own. What does not come back as it was is refused, as with `as`, and `strangler mapping check` names it.
   */
  readonly functions?: ValueFunctions;
  /**
   * The service's column is `jsonb` and this value one field of it: the keys on the way to it, the outermost first. Several
   * columns may be fields of one; its other fields stay as they are.
   */
  readonly field?: readonly string[];
  /** What stands for true and false; for 'letters-to-boolean' and 'boolean-to-letters'. */
  readonly letters?: {
    /** What stands for true. */
    readonly true: string;
    /** What stands for false. */
    readonly false: string;
  };
}

/** A field of the monolith's `jsonb` column that is a column of the service. The other fields stay as they are. */
export interface JsonField {
  /** Column of the monolith's table. */
  readonly from: string;
  /** The keys on the way to it, the outermost first: `['city']`, `['geo', 'lat']`. */
  readonly field: readonly string[];
  /** Column of the service's table. */
  readonly to: string;
}

/** A function and its inverse: SQL over `value` that both databases understand. They are not asked about NULL, which stays NULL. */
export interface ValueFunctions {
  /** What the monolith's value becomes in the service. */
  readonly forward: string;
  /** What the service's value becomes in the monolith. */
  readonly reverse: string;
}

/** Conversions of the monolith's value into the service's; each has an exact inverse. */
export type ConversionName =
  | 'cents-to-decimal'
  | 'decimal-to-cents'
  | 'letters-to-boolean'
  | 'boolean-to-letters'
  | 'epoch-seconds-to-timestamptz'
  | 'timestamptz-to-epoch-seconds'
  | 'epoch-milliseconds-to-timestamptz'
  | 'timestamptz-to-epoch-milliseconds'
  | 'text-to-uuid'
  | 'uuid-to-text';

/**
 * Rows of a service's table that an array, or a jsonb array, in a column of another of its tables holds as well, in their
 * order. Triggers in the service's database keep both alike in every transaction, whichever of them is written.
 */
export interface ListMapping {
  /** The service's table with the column; the context maps it as well. */
  readonly parent: string;
  /** Its column: an array of the values' type, or `jsonb`; NOT NULL, and mapped from nothing. */
  readonly column: string;
  /** Column of the rows → key column of the parent. */
  readonly key: Readonly<Record<string, string>>;
  /** Column of the rows that orders them: a whole number. Rows of one number follow each other by their key. */
  readonly position: string;
  /** Column of the rows with the element. */
  readonly value: string;
  /** Position of a first row that the service's array brings, where no sequence gives it out (default 1). */
  readonly first?: number;
}

/** One service table that takes a part of a monolith table's columns. */
export interface TargetTable {
  /** `table` or `schema.table` (default schema public) in the service's database. */
  readonly table: string;
  /** Monolith column → service column. Every part must map the monolith's key columns. */
  readonly columns: Readonly<Record<string, string | ColumnMapping>>;
  /** Fields of `jsonb` columns of the monolith that are columns of the service. */
  readonly fields?: readonly JsonField[];
  /** Fixed values (PostgreSQL text) of service columns that the monolith does not have. */
  readonly constants?: Readonly<Record<string, string | null>>;
  /** The rows are elements of an array of another table of the service too. */
  readonly list?: ListMapping;
}

/** Column of the monolith → what a row must hold in it: one text, one of several, or null. */
export type RowCondition = Readonly<Record<string, string | readonly string[] | null>>;

/** How one monolith table becomes service tables and back: the anti-corruption layer. */
export interface TableMapping {
  /** `table` or `schema.table` (default schema public) in the monolith's database. */
  readonly monolith: string;
  /** Columns that identify a row. Default: the primary key. Needed for a table without one (with REPLICA IDENTITY FULL). */
  readonly key?: readonly string[];
  /**
   * Only rows that hold these values (PostgreSQL text, a list of texts, or null) in all of these columns; the others stay the
   * monolith's, which goes on writing them after the cutover.
   */
  readonly where?: RowCondition;
  /**
   * Only for data `reference`: both sides write the table, each the rows that its own context's `where` names by columns of
   * the key, such as an origin. Names the reference by which the other side's rows come back.
   */
  readonly append?: string;
  /**
   * The first part carries the row: it decides about existence. Further parts hold more columns of the same rows, one row
   * each, with the same key (a vertical split).
   */
  readonly service: readonly [TargetTable, ...TargetTable[]];
  /** Monolith columns that stay behind, with what they hold once the service's rows come back. */
  readonly leave?: Readonly<
    Record<string, { readonly onReturn: OnReturn; readonly reason: string }>
  >;
  /** Key columns (the monolith's names) whose default does not tell where new ids come from. */
  readonly ids?: Readonly<Record<string, IdSource>>;
}

/**
 * What a column that stayed behind holds once the service's rows come back: its `default`, in a row that the service made, or
 * one of the other forms.
 */
export type OnReturn =
  | 'default'
  /** In a row that the service made: PostgreSQL text, or null. */
  | { readonly value: string | null }
  /** In every row that the service writes: SQL over the columns of the monolith's table; `verify` computes it as well. */
  | { readonly expression: string }
  /** In every row that the service writes: the trigger of the monolith's table that sets it; it must be ENABLE ALWAYS or REPLICA. */
  | { readonly trigger: string };

/**
 * Where the ids of new rows come from, where the column's default does not tell: the sequence that the application draws
 * from, per side; or the reason why no sequence needs to be moved (ids come from elsewhere, count within a parent, …).
 */
export interface IdSource {
  /** The sequence that the monolith draws from. */
  readonly monolith?: string;
  /** The sequence that the service draws from. */
  readonly service?: string;
  /** Why no sequence needs to be moved. */
  readonly reason?: string;
}

/**
 * What happens to a foreign key that crosses the border of a context's tables when replication writes there, which does not
 * look at foreign keys. `carry-out`: what the key says (CASCADE, SET NULL, …; where it forbids, as `park`). `park`: a change
 * that would leave a row referring to nothing waits as a dead letter. `accept`: nothing, and `verify` only tells how many.
 */
export interface ForeignKeyDecision {
  readonly onApply: 'carry-out' | 'park' | 'accept';
  readonly reason: string;
}

/**
 * A trigger on a mapped table. Replication writes without firing it (unless it is ENABLE ALWAYS or REPLICA): `accept` that, or
 * say that it `fires`, which holds when it is one of these.
 */
export interface TriggerDecision {
  readonly onApply: 'accept' | 'fires';
  readonly reason: string;
}

/**
 * A path travels, the file does not. `shared`: both sides see the same files under the same paths. `copied`: whoever runs them
 * copies files, both ways. `none`: the column holds no paths of files.
 */
export interface FilesDecision {
  readonly storage: 'shared' | 'copied' | 'none';
  readonly reason: string;
}

/** A sequence that both sides draw from; those of mapped columns are found through identity, default and `ids`. */
export interface SequenceMapping {
  /** Its name in the monolith's database. */
  readonly monolith: string;
  /** Its name in the service's database. */
  readonly service: string;
}
