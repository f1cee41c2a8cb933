import type { Row } from '../src/stream/change-event.ts';
import { columnKind, type EncodedRow } from '../src/stream/encoded-row.ts';

/** A row as pgoutput sends it, between other bytes. */
export function encodeRow(row: Row, columns: readonly string[] = Object.keys(row)): EncodedRow {
  const parts = columns.map((column) => {
    const value = row[column] ?? null;
    if (value === null) return Buffer.from([columnKind.null]);
    const text = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeInt32BE(text.length);
    return Buffer.concat([Buffer.from([columnKind.text]), length, text]);
  });
  const body = Buffer.concat(parts);
  return {
    columns,
    bytes: Buffer.concat([Buffer.from('before'), body, Buffer.from('after')]),
    at: 6,
    size: body.length,
  };
}
