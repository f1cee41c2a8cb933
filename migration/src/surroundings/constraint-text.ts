/** Casts that change no text, and what only says when or for whom a constraint is looked at. */
const noise =
  /::(?:text|character varying|bpchar)(?![\w(])(?:\[\])?| (?:NOT VALID|NO INHERIT|NOT ENFORCED|DEFERRABLE|INITIALLY DEFERRED)(?= |$)/
    .source;
const pieces = new RegExp(
  String.raw`('(?:[^']|'')*')|(${noise})|("(?:[^"]|"")*"|(?<![\w:'"])[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*(?!\())`,
  'g',
);
const literal =
  /\((-?\d+(?:\.\d+)?)\)::(?:numeric|bigint|smallint|real|double precision)(?![\w(])/g;

export interface ReadText {
  /** The same for texts that say the same of columns called otherwise; null: it names one that the other side does not have. */
  readonly text: string | null;
  /** Columns that it names, as their own side calls them. */
  readonly columns: readonly string[];
}

/**
 * What `pg_get_constraintdef` or `pg_get_indexdef` says, with columns as the other side calls them (`calls` is asked for columns
 * of the table, and answers null where the other side has none). Parentheses around a lone column or list, and casts between
 * kinds of texts, depend on the column's type and say nothing.
 */
export function readConstraintText(
  definition: string,
  own: ReadonlySet<string>,
  calls: (column: string) => string | null,
): ReadText {
  const columns = new Set<string>();
  let missing = false;
  const text = definition.replace(
    pieces,
    (piece: string, quoted?: string, dropped?: string): string => {
      if (quoted !== undefined) return piece;
      if (dropped !== undefined) return '';
      const name = piece.startsWith('"') ? piece.slice(1, -1).replaceAll('""', '"') : piece;
      if (!own.has(name)) return piece;
      columns.add(name);
      const called = calls(name);
      missing ||= called === null;
      return `"${(called ?? '').replaceAll('"', '""')}"`;
    },
  );
  return { text: missing ? null : bare(text), columns: [...columns] };
}

/** Repeated, since what goes may leave another pair that says nothing. */
function bare(text: string): string {
  const next = text
    .replace(literal, '$1')
    .replace(/(?<![\w"])\(("(?:[^"]|"")*")\)/g, '$1')
    .replace(/\(\((ARRAY\[[^\]]*\])\)\)/g, '($1)');
  return next === text ? text : bare(next);
}

/** Whether a CHECK lists the values that it takes, and all of these are among them. */
export function listsAll(text: string, values: readonly string[]): boolean {
  const list = /^CHECK \(\("(?:[^"]|"")*" = (?:ANY \(ARRAY\[(.*)\]\)|('(?:[^']|'')*'))\)\)$/.exec(
    text,
  );
  if (list === null) return false;
  const listed = new Set((list[1] ?? list[2] ?? '').match(/'(?:[^']|'')*'/g) ?? []);
  return values.every((value) => listed.has(`'${value.replaceAll("'", "''")}'`));
}
