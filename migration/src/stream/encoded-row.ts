/**
 * A row as pgoutput sent it: per column a letter, for text its length (int32) and itself in UTF-8 (PostgreSQL documentation,
 * "Logical Replication Message Formats", TupleData). No column is left out. Who hands a row on need not read it.
 */
export interface EncodedRow {
  /** One array for all rows of a shape. */
  readonly columns: readonly string[];
  readonly bytes: Buffer;
  /** Where the first column begins. */
  readonly at: number;
  /** Bytes of all columns. */
  readonly size: number;
}

/** What a column begins with. */
export const columnKind = { null: 0x6e, unchanged: 0x75, text: 0x74 } as const;

/** The value of one column. */
export function encodedValue({ bytes, at: from }: EncodedRow, column: number): string | null {
  let at = from;
  for (let before = 0; before < column; before += 1)
    at += bytes[at] === columnKind.text ? 5 + bytes.readUInt32BE(at + 1) : 1;
  if (bytes[at] !== columnKind.text) return null;
  const begin = at + 5;
  return bytes.toString('utf8', begin, begin + bytes.readUInt32BE(at + 1));
}
