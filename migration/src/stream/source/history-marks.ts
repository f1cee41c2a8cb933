import { beginLine, nextMark, type WrittenMark } from '../../replica/marks.ts';
import type { StreamHistory } from '../../replica/streams.ts';
import type { Lsn } from '../change-event.ts';
import type { StreamSource } from '../transport.ts';
import { readIdentity, type ServerIdentity } from './history.ts';

/** Log that moved without a row of ours is worth a mark this often: other tables' writes move the position as well. */
const quietMs = 1000;

/** Marks that wait to be passed; a stream that is far behind keeps them apart, not more of them. */
const mostWaiting = 600;

/** A database that is read, and by whom. */
export type Marked = Pick<StreamSource, 'client' | 'context' | 'direction'>;

/**
 * Marks in the source, written while changes are applied and stored with the position that has passed them. A source that
 * went back behind one of them is found out at the next start, however far its log came meanwhile.
 */
export class HistoryMarks {
  readonly #source: Marked;
  #identity: ServerIdentity | null = null;
  #newest: WrittenMark | null = null;
  #waiting: WrittenMark[] = [];
  #rows = 0n;
  #at = 0;

  constructor(source: Marked) {
    this.#source = source;
  }

  /** `keep`: the line that the stored position belongs to. */
  async begin(keep: string | undefined): Promise<void> {
    this.#identity = await readIdentity(this.#source.client);
    this.#wrote(await beginLine(this.#source.client, this.#source, keep));
  }

  async renew({ lsn, rows }: { readonly lsn: Lsn; readonly rows: bigint }): Promise<void> {
    if (this.#newest === null) return;
    const applied = rows !== this.#rows;
    const moved = lsn > this.#newest.before && performance.now() - this.#at >= quietMs;
    if (!applied && !moved) return;
    this.#rows = rows;
    this.#wrote(await nextMark(this.#source.client, this.#source, this.#newest));
  }

  /** What is stored with this position; undefined when no mark was passed since it was asked last. */
  passed(position: Lsn): StreamHistory | undefined {
    const newest = this.#waiting.findLast(({ before }) => before <= position);
    if (newest === undefined || this.#identity === null) return undefined;
    this.#waiting = this.#waiting.filter(({ before }) => before > position);
    return { ...this.#identity, mark: { line: newest.line, number: newest.number } };
  }

  #wrote(mark: WrittenMark): void {
    this.#newest = mark;
    this.#at = performance.now();
    this.#waiting.push(mark);
    if (this.#waiting.length > mostWaiting)
      this.#waiting = this.#waiting.filter((_, index) => index % 2 === 1);
  }
}
