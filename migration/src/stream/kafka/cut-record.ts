import type { QueuedChange } from './partition-queue.ts';

type Sent = Pick<QueuedChange, 'op' | 'lsn' | 'order' | 'producer'>;

/**
 * Whether a connector was started again right behind the first row of a record of a COPY. Debezium 3.7 takes such a record for done
 * when nothing of it comes again, and leaves the rest of it out: numbers go on without a gap. Every start has a producer of its
 * own in Kafka. So a row that is alone at its place, the last of one producer and followed by another place of another one, is
 * suspect, unless what the new one sent began with what was there already.
 */
export class CutRecord {
  #before: Sent | null = null;
  #last: Sent | null = null;
  readonly #suspects = new Map<string, Sent>();
  readonly #cameAgain = new Set<string>();

  clear(): void {
    this.#before = this.#last = null;
    this.#suspects.clear();
    this.#cameAgain.clear();
  }

  /** The next change of the transaction. */
  accept(change: Sent): void {
    this.#follow(change.producer, change.lsn);
    this.#before = this.#last;
    this.#last = change;
  }

  /** A change that was there already. */
  again({ producer }: Pick<Sent, 'producer'>): void {
    if (producer !== undefined) this.#cameAgain.add(producer);
  }

  /** The change behind which rows may be missing; `end`: whose message the transaction's end is. */
  found(end: string | undefined): Sent | undefined {
    this.#follow(end, null);
    for (const [producer, change] of this.#suspects)
      if (!this.#cameAgain.has(producer)) return change;
    return undefined;
  }

  #follow(producer: string | undefined, lsn: number | null): void {
    const last = this.#last;
    if (last?.producer === undefined || producer === undefined || last.producer === producer)
      return;
    const alone = last.lsn !== this.#before?.lsn && last.lsn !== lsn;
    if (alone && last.op === 'c') this.#suspects.set(producer, last);
  }
}
