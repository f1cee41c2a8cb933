import type pg from 'pg';
import type { EncodedRow } from '../stream/encoded-row.ts';
import { copyEncoded, copyValue, mostCopyBytes } from './copy-text.ts';
import type { LogicalRow, Put } from './row-change.ts';
import { columnsOf, groupRows, type RowGroup } from './row-groups.ts';
import { inputValue, quoted, type WriteTarget } from './write-target.ts';

/** What is used of pg's connection, which its types leave out. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/**
 * Writes rows that are not there with COPY: the server takes them page by page instead of one by one, and reads their values
 * without a parser of arrays before. Fails where a row is there.
 */
export async function copyPuts(
  client: pg.Client,
  target: WriteTarget,
  puts: readonly Put[],
): Promise<void> {
  const shapes = new Map<readonly string[], Shape | null>();
  const others: LogicalRow[] = [];
  for (const put of puts) {
    const shape = put.encoded === undefined ? null : shapeOf(target, put.encoded.columns, shapes);
    if (put.encoded === undefined || shape === null) others.push(put.row);
    else shape.rows.push(put.encoded);
  }
  for (const shape of shapes.values()) {
    if (shape !== null)
      await copyIn(
        client,
        target,
        shape.names.filter((name) => name !== null),
        encodedPieces(target, shape),
      );
  }
  for (const group of groupRows(target.inputs, others))
    await copyIn(client, target, columnsOf(group), textPieces(target, group));
}

/** Encoded rows with the same columns. */
interface Shape {
  /** Per column of the source the one of the target that takes its values as they are. */
  readonly names: readonly (string | null)[];
  readonly rows: EncodedRow[];
}

function shapeOf(
  target: WriteTarget,
  columns: readonly string[],
  shapes: Map<readonly string[], Shape | null>,
): Shape | null {
  let shape = shapes.get(columns);
  if (shape === undefined) {
    const names = targetColumns(target, columns);
    shapes.set(columns, (shape = names === null ? null : { names, rows: [] }));
  }
  return shape;
}

/** Null when there is more to do than to pass values on. */
function targetColumns(
  { inputs }: WriteTarget,
  columns: readonly string[],
): (string | null)[] | null {
  const names: (string | null)[] = columns.map(() => null);
  for (const { column, from, translate } of inputs) {
    const index = columns.indexOf(from);
    if (translate !== null || index === -1 || names[index] !== null) return null;
    names[index] = column;
  }
  return names;
}

/** Sends the pieces one by one: the server writes one while the next is made ready. */
function copyIn(
  client: pg.Client,
  target: WriteTarget,
  columns: readonly string[],
  pieces: Iterator<Buffer, unknown>,
): Promise<void> {
  const statement = `COPY ${target.name} (${quoted([...columns, ...target.extras.keys()])}) FROM STDIN`;
  return new Promise((resolve, reject) => {
    let failed = false;
    const query = {
      submit(wire: Wire): void {
        wire.query(statement);
        // The first one goes out together with the statement: a server that refuses it passes over what follows (PostgreSQL
        // documentation, "Message Flow", COPY Operations).
        const send = (): void => {
          if (failed) return;
          try {
            const { done, value } = pieces.next();
            if (done === true) wire.endCopyFrom();
            else {
              wire.sendCopyFromChunk(value);
              // what comes from the source meanwhile is taken first
              setImmediate(send);
            }
          } catch (error) {
            wire.sendCopyFail('a row cannot be written');
            query.handleError(error);
          }
        };
        send();
      },
      handleCopyInResponse(): void {},
      handleCommandComplete(): void {},
      handleError(error: unknown): void {
        failed = true;
        reject(error);
      },
      handleReadyForQuery(): void {
        if (!failed) resolve();
      },
    };
    client.query(query as unknown as pg.Submittable);
  });
}

const rowsPerPiece = 500;

function* textPieces(target: WriteTarget, { inputs, rows }: RowGroup): Generator<Buffer> {
  const extras = extrasText(target);
  for (let from = 0; from < rows.length; from += rowsPerPiece) {
    let text = '';
    for (const row of rows.slice(from, from + rowsPerPiece)) {
      let between = '';
      for (const input of inputs) {
        text += between + copyValue(inputValue(input, row) ?? null);
        between = '\t';
      }
      text += extras;
    }
    yield Buffer.from(text);
  }
}

const bytesPerPiece = 65_536;

function* encodedPieces(target: WriteTarget, { names, rows }: Shape): Generator<Buffer> {
  const taken = names.map((name) => name !== null);
  const extras = Buffer.from(extrasText(target));
  let piece = Buffer.allocUnsafe(bytesPerPiece);
  let end = 0;
  for (const row of rows) {
    const most = mostCopyBytes(row) + extras.length;
    if (end + most > piece.length) {
      if (end > 0) yield piece.subarray(0, end);
      piece = Buffer.allocUnsafe(Math.max(bytesPerPiece, most));
      end = 0;
    }
    end = copyEncoded(row, taken, piece, end);
    end += extras.copy(piece, end);
  }
  if (end > 0) yield piece.subarray(0, end);
}

/** What ends every row. */
const extrasText = (target: WriteTarget): string =>
  `${[...target.extras.values()].map((value) => `\t${copyValue(value)}`).join('')}\n`;
