import type { ChangeMarks } from './change-mark.ts';

/** Changes of one transaction that are looked up again: in a longer one numbers that clash stay an error. */
const longest = 1_000_000;
const cameTwice = 0;

/**
 * The changes of a transaction in which one number belongs to two of them. A connector that is started again within the first
 * record of a COPY does that without leaving anything out: it counts the rows that it sent of this record, and passes as many
 * messages of this place, of which BEGIN is one. So it sends the last row again, under the next number, and is one ahead from
 * there on (Debezium 3.7). Then, and only then: what comes again comes once more, under the next number; and when all is there,
 * it is one change less than the numbers say. Rows that were left out, or sent again from further back, break one of the two.
 */
export class SentAgain {
  readonly #numbers = new Map<number, number>();
  #repeated = 0;

  /** @returns null when it cannot be told which of those that were given out, under 1 to `given`, came again */
  static of(marks: ChangeMarks, given: number): SentAgain | null {
    if (given > longest) return null;
    const changes = new SentAgain();
    for (let order = 1; order <= given; order += 1) {
      const mark = marks.get(order) ?? 0;
      if (changes.#numbers.has(mark)) return null;
      changes.add(order, mark);
    }
    return changes;
  }

  /** How many different ones were given out. */
  get count(): number {
    return this.#numbers.size;
  }

  add(order: number, mark: number): void {
    this.#numbers.set(mark, order);
  }

  /** What a change is to those that were given out; `other`: none of the above explains it. */
  judge(order: number, mark: number): 'new' | 'again' | 'other' {
    const before = this.#numbers.get(mark);
    if (before === undefined) return this.count < longest ? 'new' : 'other';
    return before !== cameTwice && before === order - 1 ? 'again' : 'other';
  }

  repeat(mark: number): void {
    this.#numbers.set(mark, cameTwice);
    this.#repeated += 1;
  }

  /** Whether all are there, of a transaction with so many numbers. */
  areAll(numbers: number): boolean {
    return this.#repeated > 0 && this.count === numbers - 1;
  }
}
