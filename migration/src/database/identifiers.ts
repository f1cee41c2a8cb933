import { StranglerError } from '@strangler-toolkit/plan';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** Every identifier that enters SQL text passes here. */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0'))
    throw new StranglerError(
      'CONFIG_INVALID',
      `${JSON.stringify(name)} cannot be a name in PostgreSQL`,
    );
  return `"${name.replaceAll('"', '""')}"`;
}

export const quoteTable = ({ schema, table }: TableName): string =>
  `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** For the few commands that take no parameters (replication commands, DDL). */
export const quoteLiteral = (value: string): string =>
  value.includes('\\')
    ? ` E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${value.replaceAll("'", "''")}'`;

/** `table`, `schema.table` and quoted parts (`"Order Lines"`, `shop."a.b"`); names are taken as written, never folded to lower case. */
export function parseTableName(text: string): TableName {
  const parts: string[] = [];
  const pattern = /(?:"((?:[^"]|"")+)"|([^".]+))(\.|$)/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (!match) break;
    parts.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') {
      const [first, second, ...rest] = parts;
      if (first !== undefined && rest.length === 0)
        return second === undefined
          ? { schema: 'public', table: first }
          : { schema: first, table: second };
      break;
    }
  }
  throw new StranglerError(
    'CONFIG_INVALID',
    `${JSON.stringify(text)} is not a table name: write table or schema.table`,
  );
}

const plainPart = (name: string): string =>
  /^[^".\s]+$/.test(name) ? name : quoteIdentifier(name);

/** As context files take it and `parseTableName` reads it back: parts with blanks, dots or quotes in quotes. */
export const writtenTable = ({ schema, table }: TableName): string =>
  schema === 'public' ? plainPart(table) : `${plainPart(schema)}.${plainPart(table)}`;

/** For people: `orders`, or `shop.orders` outside of public. */
export const displayTable = ({ schema, table }: TableName): string =>
  schema === 'public' ? table : `${schema}.${table}`;
