import type { Checkpoint } from '../change-stream.ts';
import type { Beats } from './beats.ts';
import type { KafkaChange } from './kafka-change.ts';
import type { PartitionQueue } from './partition-queue.ts';

export interface CheckpointSources {
  readonly queues: readonly PartitionQueue<KafkaChange>[];
  /** Name of the transaction topic in the checkpoint, and the offset it is read from. */
  readonly ends: { readonly name: string; readonly offset: number };
  readonly beats: Beats;
  /** Goes into the checkpoint until one was applied. */
  readonly columnTypes: string;
}

/** With less to do a checkpoint goes with each transaction: re-reading some messages is cheaper than writing offsets every time. */
const checkpointEvery = 256;

/** From where reading would go on, as it is stored with what was applied. */
export class Checkpoints {
  readonly #sources: CheckpointSources;
  readonly #reported = new Map<string, number>();
  #endsConsumed: number;
  #transactions = 0;
  #typesStored = false;
  #snapshotRows = false;

  constructor(sources: CheckpointSources) {
    this.#sources = sources;
    this.#endsConsumed = sources.ends.offset;
  }

  /** The offsets that were given out with a commit. */
  get reported(): ReadonlyMap<string, number> {
    return this.#reported;
  }

  /** A row of a snapshot has no transaction that says whether it was applied: only its offset does. */
  snapshotRow(): void {
    this.#snapshotRows = true;
  }

  transactionEnded(offset: number): void {
    this.#endsConsumed = offset + 1;
    this.#transactions += 1;
  }

  /** What was given out is applied. */
  stored(): void {
    this.#typesStored = true;
  }

  /** For an idle message. Not the last word: a later one may take its place, so nothing counts as reported. */
  peek(): Checkpoint {
    return this.#named(this.#offsets());
  }

  /** For a commit, when it is time for one. */
  takeIfDue(moreWaits: boolean): Checkpoint | undefined {
    const due = this.#transactions >= checkpointEvery || !moreWaits || this.#snapshotRows;
    this.#snapshotRows = false;
    if (!due) return undefined;
    const offsets = this.#offsets();
    for (const [name, offset] of offsets) this.#reported.set(name, offset);
    this.#transactions = 0;
    return this.#named(offsets);
  }

  #offsets(): ReadonlyMap<string, number> {
    const { queues, ends } = this.#sources;
    const offsets = new Map([[ends.name, this.#endsConsumed]]);
    for (const queue of queues)
      if (queue.consumed !== this.#reported.get(queue.name))
        offsets.set(queue.name, queue.consumed);
    return offsets;
  }

  #named(offsets: ReadonlyMap<string, number>): Checkpoint {
    const { beats, columnTypes } = this.#sources;
    const names: Record<string, string> = {
      beat: String(beats.last),
      ...(!this.#typesStored && { columnTypes }),
    };
    for (const [name, offset] of offsets) names[name] = String(offset);
    return names;
  }
}
