import type { Socket } from 'node:net';
import type pg from 'pg';

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

const [copyData, copyDone, copyOutResponse, noticeResponse, parameterStatus, notification] = [...'dcHNSA'].map((letter) => letter.charCodeAt(0));
const headerLength = 5;
const endOfRows = Buffer.from([copyDone ?? 0, 0, 0, 0, 4]);

/**
 * Moves the rows of a `COPY … TO STDOUT` into a `COPY … FROM STDIN`. Both directions frame rows alike, so the bytes are handed
 * on as they came: this process only looks where a frame ends. Resolves with the number of rows when they are written.
 * After a rejection neither connection is usable.
 */
export function forwardCopy(source: pg.Client, target: pg.Client, statements: { readonly out: string; readonly into: string }, onBytes: (bytes: number) => void): Promise<number> {
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
      if (parser === undefined) throw new TypeError('the connection has no parser: not a connection of pg');
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

/** Cuts what the server sends while it copies: whole or partial row frames, and what follows the last of them. */
class CopyFrames {
  #begun = Buffer.alloc(0);
  /** Bytes of the current frame still to come, and whether they are a row's. */
  #left = 0;
  #isRow = false;

  take(incoming: Buffer): { readonly rows: Buffer; readonly rest: Buffer | null } {
    const chunk = this.#begun.length === 0 ? incoming : Buffer.concat([this.#begun, incoming]);
    this.#begun = Buffer.alloc(0);
    const parts: Buffer[] = [];
    let [at, from] = [0, 0];
    const keep = (to: number): void => {
      if (this.#isRow && to > from) parts.push(chunk.subarray(from, to));
      from = to;
    };
    for (;;) {
      const step = Math.min(this.#left, chunk.length - at);
      at += step;
      this.#left -= step;
      if (this.#left > 0) break;
      if (chunk.length - at < headerLength) {
        keep(at);
        this.#begun = Buffer.from(chunk.subarray(at));
        return { rows: joined(parts), rest: null };
      }
      const code = chunk[at];
      const isRow = code === copyData;
      if (!isRow && code !== copyOutResponse && code !== noticeResponse && code !== parameterStatus && code !== notification) {
        keep(at);
        return { rows: joined(parts), rest: chunk.subarray(at) };
      }
      if (isRow !== this.#isRow) {
        keep(at);
        this.#isRow = isRow;
      }
      // The length counts itself but not the code before it.
      this.#left = 1 + chunk.readUInt32BE(at + 1);
    }
    keep(at);
    return { rows: joined(parts), rest: null };
  }
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
