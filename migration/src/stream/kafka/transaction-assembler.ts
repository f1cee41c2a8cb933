import { StranglerError } from '@strangler-toolkit/plan';
import { ChangeMarks } from './change-mark.ts';
import { CutRecord } from './cut-record.ts';
import type { PartitionQueue, QueuedChange } from './partition-queue.ts';
import { SentAgain } from './sent-again.ts';

/** An END message of the transaction topic (Debezium reference, "transaction metadata"). */
export interface TransactionEnd {
  readonly xid: number;
  /** End of the commit record: the second part of the id. */
  readonly lsn: number;
  readonly count: number;
  /** `schema.table` → events. */
  readonly tables: ReadonlyMap<string, number>;
  readonly offset: number;
  /** As `QueuedChange.producer`. */
  readonly producer?: string | undefined;
}

export interface AssemblerOutput<Change> {
  /** One change, in its place in the transaction; `first` of those of one transaction. */
  change(change: Change, end: TransactionEnd): void;
  /** All changes of the transaction were given out. */
  end(end: TransactionEnd): void;
}

/** While numbers of the current transaction clash; `slip` is thrown when that cannot be explained. */
interface Clash {
  readonly changes: SentAgain;
  readonly slip: StranglerError;
  /** All were there before Kafka was asked for its newest. */
  whole: boolean;
}

/** Transactions that are remembered as given out: what a connector sends again after a crash lies among the newest. */
const remembered = 20_000;

/**
 * Puts transactions together again. Debezium spreads one over the partitions of several topics, each in order; the transaction
 * topic says, in commit order, how many events of which table there were. A transaction is given out whole and in its own order
 * (`total_order`), one after another: what a reader of the target sees is what a reader of the source saw.
 *
 * Delivery is at least once. A commit at or before the position was applied; a number that was given out already came again; and
 * a change whose transaction lies before the current one is a leftover of such a repetition. What is missing is never passed over.
 *
 * A connector that is started again within a transaction goes on counting at its stored offset, and goes on reading where it
 * believes that this is. Rows of one COPY share a place in the log: it may leave some out there, or send some again, and count on
 * as if nothing had happened (debezium/dbz#1554). What it sends again shows it: the same numbers belong to other rows. A
 * transaction in which changes share a place is therefore whole only when nothing of it can come again (`settle`). Where it is
 * certain that nothing was left out, it is given out all the same (`SentAgain`), then in the order of the log.
 */
export class TransactionAssembler<Change extends QueuedChange> {
  readonly #output: AssemblerOutput<Change>;
  readonly #queues: readonly PartitionQueue<Change>[];
  readonly #byTable = new Map<string, PartitionQueue<Change>[]>();
  #ends: TransactionEnd[] = [];
  #endsHead = 0;
  #last: number;
  #current: TransactionEnd | null = null;
  #parts: PartitionQueue<Change>[] = [];
  #heads = new Map<number, PartitionQueue<Change>>();
  #next = 1;
  readonly #marks = new ChangeMarks();
  readonly #cut = new CutRecord();
  #place: number | null = null;
  #placeShared = false;
  #settled: { readonly end: TransactionEnd; readonly newest: ReadonlyMap<string, number> } | null =
    null;
  #clash: Clash | null = null;
  #snapshotRows = 0;
  #given = new Set<number>();
  #givenBefore = new Set<number>();
  /** Transactions that began behind this commit are all among those that are remembered. */
  #floor: number;
  #nextFloor: number;

  /** `position`: end of the last transaction that was applied. */
  constructor(
    queues: readonly PartitionQueue<Change>[],
    position: number,
    output: AssemblerOutput<Change>,
  ) {
    this.#output = output;
    this.#queues = queues;
    this.#last = position;
    this.#floor = position;
    this.#nextFloor = position;
    for (const queue of queues) {
      const same = this.#byTable.get(queue.table);
      if (same) same.push(queue);
      else this.#byTable.set(queue.table, [queue]);
    }
  }

  get waitingEnds(): number {
    return this.#ends.length - this.#endsHead;
  }

  /** The transaction that waits for changes, and the queues they must come from. */
  get incomplete(): {
    readonly end: TransactionEnd;
    readonly queues: readonly PartitionQueue<Change>[];
  } | null {
    return this.#current === null ? null : { end: this.#current, queues: this.#parts };
  }

  /** A transaction all of whose changes are there, while it is not known whether some came again as others. */
  get unsettled(): TransactionAssembler<Change>['incomplete'] {
    const end = this.#current;
    return end !== null &&
      (this.#clash !== null || this.#next > end.count) &&
      this.#settled?.end !== end &&
      !this.#isSettled()
      ? this.incomplete
      : null;
  }

  /** `newest`: offsets behind what its partitions held after its end had come, by name of the queue. */
  settle(end: TransactionEnd, newest: ReadonlyMap<string, number>): void {
    this.#settled = { end, newest };
  }

  #isSettled(): boolean {
    if (!this.#placeShared) return true;
    // a change that is left now belongs to a later transaction: nothing that came again lies behind it
    return this.#parts.every((queue) => queue.length > 0 || this.#isRead(queue));
  }

  #isRead(queue: PartitionQueue<Change>): boolean {
    const newest = this.#settled?.end === this.#current ? this.#settled?.newest : undefined;
    return queue.received >= (newest?.get(queue.name) ?? Infinity);
  }

  /** @returns false for one that came again */
  addEnd(end: TransactionEnd): boolean {
    if (end.lsn <= this.#last) return false;
    this.#last = end.lsn;
    this.#ends.push(end);
    return true;
  }

  add(queue: PartitionQueue<Change>, change: Change): void {
    if (change.xid === null) this.#snapshotRows += 1;
    queue.push(change);
  }

  /**
   * Gives out what is complete, until `full` says that nobody takes more.
   * @throws StranglerError POSITION_GAP when changes of a transaction cannot come any more
   */
  pump(full: () => boolean): void {
    while (!full()) {
      if (this.#current === null && !this.#begin()) return;
      if (!this.#advance(full)) return;
    }
  }

  #begin(): boolean {
    const end = this.#ends[this.#endsHead];
    if (end === undefined) return false;
    this.#endsHead += 1;
    if (this.#endsHead > 1024) {
      this.#ends = this.#ends.slice(this.#endsHead);
      this.#endsHead = 0;
    }
    this.#current = end;
    this.#next = 1;
    this.#place = null;
    this.#placeShared = false;
    this.#parts = [];
    for (const table of end.tables.keys()) {
      const queues = this.#byTable.get(table);
      if (queues === undefined)
        throw new StranglerError(
          'POSITION_GAP',
          `transaction ${end.xid} changed ${table}, whose topic is not read`,
          { details: { table } },
        );
      this.#parts.push(...queues);
    }
    for (const queue of this.#parts) queue.waiting = 0;
    return true;
  }

  /** @returns whether the current transaction was finished */
  #advance(full: () => boolean): boolean {
    const end = this.#current;
    if (end === null) return false;
    if (this.#snapshotRows > 0)
      for (const queue of this.#queues) this.#takeSnapshotRows(queue, end);
    if (this.#clash === null)
      for (const queue of this.#parts) if (queue.waiting === 0) this.#look(queue, end);
    while (this.#clash === null && this.#next <= end.count) {
      const queue = this.#heads.get(this.#next);
      if (queue === undefined) {
        // within a partition the order only grows
        if (this.#parts.every((part) => part.length > 0)) throw this.#hole(end);
        return false;
      }
      const change = queue.head;
      this.#heads.delete(this.#next);
      queue.waiting = 0;
      this.#marks.set(this.#next, change?.mark ?? 0);
      if (change?.lsn != null && change.lsn === this.#place) this.#placeShared = true;
      this.#place = change?.lsn ?? null;
      this.#next += 1;
      if (change === undefined)
        throw new StranglerError('INTERNAL', `${queue.name} lost a change that waited`);
      this.#cut.accept(change);
      this.#output.change(change, end);
      queue.pop();
      this.#look(queue, end);
      if (full()) return false;
    }
    if (this.#clash !== null && !this.#giveInLogOrder(this.#clash, end, full)) return false;
    if (!this.#isSettled()) return false;
    if (this.#clash === null && this.#placeShared) this.#refuseCut(end);
    this.#cut.clear();
    this.#current = null;
    this.#settled = null;
    this.#clash = null;
    this.#heads.clear();
    this.#marks.clear();
    this.#remember(end);
    if (this.waitingEnds === 0) for (const queue of this.#queues) this.#dropRepeated(queue, end);
    this.#output.end(end);
    return true;
  }

  /**
   * What came again may lie in a table that rests for long. Left there, it would look unread: to a
   * cutover, and when retention removes it.
   */
  #dropRepeated(queue: PartitionQueue<Change>, end: TransactionEnd): void {
    for (
      let head = queue.head;
      head !== undefined && this.#isRepeated(head, end);
      head = queue.head
    )
      queue.pop();
  }

  /** Also what was there before the position that the stream began at: a way back is read from its slot's first change on. */
  #isRepeated({ xid, previous }: Change, end: TransactionEnd): boolean {
    if (xid === null || previous >= end.lsn) return false;
    return previous < this.#floor || this.#given.has(xid) || this.#givenBefore.has(xid);
  }

  /** Finds the queue's first change of this transaction and remembers where it waits. */
  #look(queue: PartitionQueue<Change>, end: TransactionEnd): void {
    while (this.#clash === null) {
      const head = queue.head;
      if (head === undefined) return;
      if (head.xid === null) this.#takeSnapshotRows(queue, end);
      else if (head.xid === end.xid && head.previous < end.lsn) {
        if (head.order > end.count) throw this.#slip(queue, head, end);
        const same = this.#heads.get(head.order);
        if (head.order >= this.#next && same === undefined) {
          queue.waiting = head.order;
          this.#heads.set(head.order, queue);
          return;
        }
        const before = same === undefined ? this.#marks.get(head.order) : same.head?.mark;
        if (before !== head.mark) this.#explain(this.#slip(queue, head, end), end);
        else {
          this.#cut.again(head);
          queue.pop();
        }
      } else if (head.previous >= end.lsn) return;
      else {
        this.#assertGiven(queue, head);
        queue.pop();
      }
    }
  }

  #explain(slip: StranglerError, end: TransactionEnd): void {
    const changes = SentAgain.of(this.#marks, this.#next - 1);
    if (changes === null || changes.count >= end.count) throw slip;
    this.#clash = { changes, slip, whole: false };
    this.#placeShared = true;
  }

  /** @returns whether all changes were given out; the place in the log is their order where the numbers are not */
  #giveInLogOrder(clash: Clash, end: TransactionEnd, full: () => boolean): boolean {
    const { changes, slip } = clash;
    for (;;) {
      let first: PartitionQueue<Change> | null = null;
      let moreComes = false;
      for (const queue of this.#parts) {
        const change = this.#passSentAgain(queue, end);
        if (change !== null && (first === null || comesBefore(change, first.head))) first = queue;
        moreComes ||= queue.length === 0 && !this.#isRead(queue);
      }
      if (moreComes) {
        // it may come before the others; and what Kafka is asked for now it is asked for in time when all are here
        clash.whole ||= changes.areAll(end.count);
        return false;
      }
      const change = first?.head;
      if (first === null || change === undefined) break;
      changes.add(change.order, change.mark);
      if (changes.count >= end.count) throw slip;
      this.#output.change(change, end);
      first.pop();
      if (full()) return false;
    }
    if (!changes.areAll(end.count)) {
      if (changes.count === end.count - 1 || this.#parts.every(({ length }) => length > 0))
        throw slip;
      return false;
    }
    if (!clash.whole) this.#settled = null;
    clash.whole = true;
    return true;
  }

  /** @returns the queue's first change of this transaction that has not been given out */
  #passSentAgain(queue: PartitionQueue<Change>, end: TransactionEnd): Change | null {
    for (let head = queue.head; head !== undefined; head = queue.head) {
      if (head.xid === null) this.#takeSnapshotRows(queue, end);
      else if (head.xid === end.xid && head.previous < end.lsn) {
        const found = this.#clash?.changes.judge(head.order, head.mark);
        if (found === 'new' && head.order <= end.count) return head;
        if (found !== 'again' || head.order > end.count) throw this.#slip(queue, head, end);
        this.#clash?.changes.repeat(head.mark);
        queue.pop();
      } else if (head.previous >= end.lsn) return null;
      else {
        this.#assertGiven(queue, head);
        queue.pop();
      }
    }
    return null;
  }

  #remember(end: TransactionEnd): void {
    this.#given.add(end.xid);
    if (this.#given.size < remembered) return;
    this.#givenBefore = this.#given;
    this.#given = new Set();
    this.#floor = this.#nextFloor;
    this.#nextFloor = end.lsn;
  }

  /** A leftover came again; one of a transaction that never ended would be lost. */
  #assertGiven(queue: PartitionQueue<Change>, { xid, previous, offset }: Change): void {
    if (
      previous < this.#floor ||
      xid === null ||
      this.#given.has(xid) ||
      this.#givenBefore.has(xid)
    )
      return;
    throw new StranglerError(
      'POSITION_GAP',
      `${queue.name}@${offset} is of transaction ${xid}, whose end is not in the transaction topic, though later ones are`,
      { details: { xid, topic: queue.topic } },
    );
  }

  /** They stand between the changes of their own partition, which is all the order that they have. */
  #takeSnapshotRows(queue: PartitionQueue<Change>, end: TransactionEnd): void {
    for (let head = queue.head; head?.xid === null; head = queue.head) {
      this.#snapshotRows -= 1;
      this.#output.change(head, end);
      queue.pop();
    }
  }

  #slip(
    { name }: PartitionQueue<Change>,
    { order, offset }: Change,
    end: TransactionEnd,
  ): StranglerError {
    return new StranglerError(
      'POSITION_GAP',
      `${name}@${offset} is change ${order} of ${end.count} of transaction ${end.xid}, which another row is as well or none ` +
        `should be: the connector was started again within it and counted on from another place; rows may be missing`,
      { details: { xid: end.xid, order, tables: [...end.tables.keys()] } },
    );
  }

  #refuseCut(end: TransactionEnd): void {
    const cut = this.#cut.found(end.producer);
    if (cut === undefined) return;
    throw new StranglerError(
      'POSITION_GAP',
      `the connector was started again right behind change ${cut.order} of ${end.count} of transaction ${end.xid}, the first row of ` +
        'a record of a COPY: Debezium may have left the rest of that record out',
      { details: { xid: end.xid, order: cut.order, tables: [...end.tables.keys()] } },
    );
  }

  #hole(end: TransactionEnd): StranglerError {
    return new StranglerError(
      'POSITION_GAP',
      `change ${this.#next} of ${end.count} of transaction ${end.xid} is not in its topic, though later changes are`,
      {
        details: { xid: end.xid, missing: this.#next, tables: [...end.tables.keys()] },
      },
    );
  }
}

const comesBefore = (change: QueuedChange, other: QueuedChange | undefined): boolean =>
  other === undefined || ((change.lsn ?? 0) - (other.lsn ?? 0) || change.order - other.order) < 0;
