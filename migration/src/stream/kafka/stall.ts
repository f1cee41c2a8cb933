/** What a look at a reader sees. */
export interface Look {
  /** The transaction whose end is there and not all of whose changes are; null: there is none. */
  readonly xid: number | null;
  /** Where it may still come: its partitions that hold nothing unread, by name, and the offset up to which they were read. */
  readonly empty: readonly { readonly name: string; readonly received: number }[];
  /** The newest beat of the source that came through. */
  readonly beat: number;
}

/**
 * Counts the looks at which a transaction lacked changes although the connector was alive: its beats came, and nothing else did.
 * The end of a transaction may overtake its rows (each partition has batches of its own), and a connector that was killed then
 * sends them once it is back, which may take minutes: a silence without beats says nothing.
 */
export class Stall {
  #before: Look = { xid: null, empty: [], beat: 0 };
  #looks = 0;

  /** @returns how many looks in a row showed a connector that is alive and sends nothing of what is missing */
  look(now: Look): number {
    const before = this.#before;
    this.#before = now;
    const stalled =
      now.xid !== null &&
      now.xid === before.xid &&
      now.beat > before.beat &&
      placesOf(now) === placesOf(before);
    this.#looks = stalled ? this.#looks + 1 : 0;
    return this.#looks;
  }
}

const placesOf = ({ empty }: Look): string =>
  empty.map(({ name, received }) => `${name}@${received}`).join(' ');
