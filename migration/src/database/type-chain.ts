/** SQL: a type, what its domains are made of and what its arrays hold, down to the last; `of` is its oid. */
export const typeChain = (of: string): string => `(WITH RECURSIVE chain AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory, t.typnotnull, 1 AS depth FROM pg_type t WHERE t.oid = ${of}
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typelem, t.typcategory, t.typnotnull, c.depth + 1 FROM chain c
      JOIN pg_type t ON t.oid = CASE WHEN c.typtype = 'd' THEN c.typbasetype WHEN c.typcategory = 'A' THEN c.typelem ELSE 0 END
  ) SELECT * FROM chain)`;

/**
 * SQL: whether a type may have such a chain. Those that PostgreSQL is born with have fixed numbers below this one, and no domain or
 * enum among them: to follow each of them takes most of the time in which a table's definition is read.
 */
export const mayHaveChain = (of: string): string => `${of} >= 10000`;
