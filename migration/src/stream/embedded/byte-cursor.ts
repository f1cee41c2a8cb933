/** Longer values are decoded one by one: cutting them from the text of everything around would keep all of that in memory. */
const cutLimit = 64;

/**
 * Reads the server's binary messages out of the bytes as they came from the socket. One cursor serves a whole connection, and
 * what many messages share (a view of the bytes, their text) is made once: most of what a row costs is here.
 */
export class ByteCursor {
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** The bytes as one-byte characters: where all of a value are ASCII, it is cut from here. */
  #text: string | null = null;
  #at = 0;
  #end = 0;

  /** Goes to a message, from `at` to `end`. */
  enter(bytes: Buffer, at: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#text = null;
    }
    this.#at = at;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#at === this.#end;
  }

  /** @throws RangeError when more was read than the message holds: the bytes of the next one would pass as values */
  leave(): void {
    if (this.#at > this.#end) throw new RangeError('a message that ends out of range');
  }

  byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  int16(): number {
    this.#at += 2;
    return this.#view.getUint16(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#view.getBigUint64(this.#at - 8);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Where it stands. */
  get at(): number {
    return this.#at;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Text up to a zero byte. */
  string(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end === -1 || end >= this.#end) throw new RangeError('a string without an end');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end + 1;
    return text;
  }

  text(length: number): string {
    const from = this.#at;
    const to = from + length;
    if (to > this.#end) throw new RangeError('a value longer than its message');
    this.#at = to;
    if (length > cutLimit || !this.#ascii(from, to)) return this.#bytes.toString('utf8', from, to);
    this.#text ??= this.#bytes.toString('latin1');
    return this.#text.slice(from, to);
  }

  #ascii(from: number, to: number): boolean {
    let all = 0;
    for (let at = from; at < to; at += 1) all |= this.#bytes[at] ?? 0;
    return all < 0x80;
  }
}
