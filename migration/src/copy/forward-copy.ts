import type { Socket } from 'node:net';
import type pg from 'pg';
import { CopyFrames } from './copy-frames.ts';

/** What both ends use of pg's connection, which its types leave out. */
interface Wire {
  readonly stream: Socket;
  query(text: string): void;
  sendCopyFail(message: string): void;
}
/** What pg calls on the query that runs. */
interface CopyQuery {
  submit(wire: Wire): void;
  handleError(error: Error): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handleReadyForQuery(): void;
  handleCopyInResponse(): void;
}

const endOfRows = Buffer.from([...Buffer.from('c'), 0, 0, 0, 4]);

/**
 * Moves the rows of a `COPY … TO STDOUT` into a `COPY … FROM STDIN`. Both directions frame rows alike, so the bytes are handed
 * on as they came: this process only looks where a frame ends. Resolves with the number of rows when they are written.
 * After a rejection neither connection is usable.
 */
export function forwardCopy(
  source: pg.Client,
  target: pg.Client,
  statements: { readonly out: string; readonly into: string },
  onBytes: (bytes: number) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    let rows = 0;
    let writing: Wire | undefined;
    let failed = false;
    const fail = (error: Error): void => {
      failed = true;
      reject(error);
    };
    const reading = copyOut(statements.out, {
      rows(bytes) {
        onBytes(bytes.length);
        return writing?.stream.write(bytes) ?? true;
      },
      onDrain: (resume) => void writing?.stream.once('drain', resume),
      end: () => void writing?.stream.write(endOfRows),
      fail(error) {
        writing?.sendCopyFail('reading the rows failed');
        fail(error);
      },
    });
    const into: CopyQuery = {
      submit(wire) {
        writing = wire;
        wire.query(statements.into);
      },
      // Rows are asked for when there is somewhere to put them.
      handleCopyInResponse: () => void source.query(reading),
      handleError: fail,
      handleCommandComplete: ({ text }) => {
        rows = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
      },
      handleReadyForQuery() {
        if (!failed) resolve(rows);
      },
    };
    target.query(into as unknown as pg.Submittable);
  });
}

interface Receiver {
  /** Returns false when no more should come before `onDrain`. */
  rows(bytes: Buffer): boolean;
  onDrain(resume: () => void): void;
  end(): void;
  fail(error: Error): void;
}

/** Takes the place of pg's parser, which would make an object of every row, until the rows end. */
function copyOut(text: string, receiver: Receiver): pg.Submittable {
  let detach: (rest: Buffer) => void = () => {};
  const query: Omit<CopyQuery, 'handleCopyInResponse'> = {
    submit(wire) {
      const { stream } = wire;
      const [parser] = stream.listeners('data') as ((chunk: Buffer) => void)[];
      if (parser === undefined)
        throw new TypeError('the connection has no parser: not a connection of pg');
      const frames = new CopyFrames();
      const onData = (chunk: Buffer): void => {
        const { rows, rest } = frames.take(chunk);
        if (rows.length > 0 && !receiver.rows(rows) && rest === null) {
          stream.pause();
          receiver.onDrain(() => stream.resume());
        }
        if (rest !== null) detach(rest);
      };
      detach = (rest) => {
        stream.off('data', onData);
        stream.on('data', parser);
        parser(rest);
      };
      stream.off('data', parser);
      stream.on('data', onData);
      wire.query(text);
    },
    handleError: (error) => receiver.fail(error),
    handleCommandComplete: () => {},
    // Not before the server said that it sent everything.
    handleReadyForQuery: () => receiver.end(),
  };
  return query as unknown as pg.Submittable;
}
