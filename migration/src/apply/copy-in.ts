import type pg from 'pg';
import { inputValue, quoted, type WriteTarget } from './write-target.ts';
import { copyValue } from './copy-text.ts';
import { columnsOf, type RowGroup } from './row-groups.ts';

/** What is used of pg's connection, which its types leave out. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** Rows that are sent at a time: the server writes them while the next are made ready. */
const rowsPerPiece = 500;

/**
 * Writes rows that are not there with COPY: the server takes them page by page instead of one by one, and reads their values
 * without a parser of arrays before. Fails where a row is there.
 *
 * The first rows go out together with the statement: a server that refuses it passes over what follows (PostgreSQL
 * documentation, "Message Flow", COPY Operations).
 */
export function copyIn(client: pg.Client, target: WriteTarget, group: RowGroup): Promise<void> {
  const statement = `COPY ${target.name} (${quoted([...columnsOf(group), ...target.extras.keys()])}) FROM STDIN`;
  return new Promise((resolve, reject) => {
    let failed = false;
    const query = {
      submit(wire: Wire): void {
        wire.query(statement);
        const send = (from: number): void => {
          if (failed) return;
          try {
            wire.sendCopyFromChunk(Buffer.from(piece(target, group, from, from + rowsPerPiece)));
          } catch (error) {
            wire.sendCopyFail('a row cannot be written');
            query.handleError(error);
            return;
          }
          if (from + rowsPerPiece >= group.rows.length) wire.endCopyFrom();
          // what comes from the source meanwhile is taken first
          else setImmediate(send, from + rowsPerPiece);
        };
        send(0);
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

function piece(target: WriteTarget, group: RowGroup, from: number, to: number): string {
  const extras = [...target.extras.values()].map((value) => `\t${copyValue(value)}`).join('');
  let text = '';
  for (const row of group.rows.slice(from, to)) {
    let between = '';
    for (const input of group.inputs) {
      text += between + copyValue(inputValue(input, row) ?? null);
      between = '\t';
    }
    text += `${extras}\n`;
  }
  return text;
}
