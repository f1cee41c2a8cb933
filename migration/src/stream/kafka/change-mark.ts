/**
 * Tells one row event of a transaction from another, in 32 bits, and is the same when it comes again: from its key and its place
 * in the log, for rows of one COPY share a place, and a row may change twice. (FNV-1a, draft-eastlake-fnv.)
 */
export function changeMark(key: Uint8Array | null, lsn: number | null): number {
  let mark = 0x811c9dc5;
  for (const byte of key ?? []) mark = Math.imul(mark ^ byte, 0x01000193);
  const place = lsn ?? 0;
  mark = Math.imul(mark ^ (place >>> 0), 0x01000193);
  mark = Math.imul(mark ^ Math.floor(place / 0x1_0000_0000), 0x01000193);
  return mark >>> 0;
}

/** Marks of a transaction's changes, by their number in it. */
export class ChangeMarks {
  #marks = new Uint32Array(64);

  set(order: number, mark: number): void {
    if (order >= this.#marks.length) {
      const grown = new Uint32Array(Math.max(order + 1, this.#marks.length * 2));
      grown.set(this.#marks);
      this.#marks = grown;
    }
    this.#marks[order] = mark;
  }

  /** Of a change that was set since the last transaction that was as long. */
  get(order: number): number | undefined {
    return this.#marks[order];
  }

  /** A long transaction's room is given back. */
  clear(): void {
    if (this.#marks.length > 65_536) this.#marks = new Uint32Array(64);
  }
}
