/** A message of the server: a letter, its length without the letter, its body. */
const headerLength = 5;
const copyData = 0x64;

/**
 * Cuts a connection's bytes into the server's messages. Rows of a stream come as millions of CopyData messages: they are handed
 * over where they lie, without an object each. All other messages go on as they are, whole.
 */
export class FrameSplitter {
  readonly #onCopyData: (bytes: Buffer, from: number, to: number) => void;
  readonly #onOther: (bytes: Buffer) => void;
  /** What came of a message whose end has not come, and how many bytes its next step needs. */
  #parts: Buffer[] = [];
  #held = 0;
  #needed = headerLength;

  constructor(
    onCopyData: (bytes: Buffer, from: number, to: number) => void,
    onOther: (bytes: Buffer) => void,
  ) {
    this.#onCopyData = onCopyData;
    this.#onOther = onOther;
  }

  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#held > 0) {
      this.#parts.push(chunk);
      this.#held += chunk.length;
      if (this.#held < this.#needed) return;
      bytes = Buffer.concat(this.#parts, this.#held);
    }
    this.#parts = [];
    this.#held = 0;
    this.#needed = headerLength;
    let at = 0;
    while (bytes.length - at >= headerLength) {
      const length = bytes.readInt32BE(at + 1);
      if (length < 4) throw new RangeError('a message without a length');
      const end = at + 1 + length;
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      if (bytes[at] === copyData) this.#onCopyData(bytes, at + headerLength, end);
      else this.#onOther(bytes.subarray(at, end));
      at = end;
    }
    if (at === bytes.length) return;
    this.#parts = [bytes.subarray(at)];
    this.#held = bytes.length - at;
  }
}
