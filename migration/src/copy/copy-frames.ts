const copyData = 'd'.charCodeAt(0);
/** What may come between rows and is not theirs: the answer to COPY, notices, changed settings, notifications. */
const between = new Set(Array.from('HNSA', (letter) => letter.charCodeAt(0)));
const headerLength = 5;

/** Cuts what the server sends while it copies: whole or partial row frames, and what follows the last of them. */
export class CopyFrames {
  #begun: Buffer = Buffer.alloc(0);
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
      if (!isRow && (code === undefined || !between.has(code))) {
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

const joined = (parts: readonly Buffer[]): Buffer =>
  parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
