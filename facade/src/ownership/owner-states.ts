import { EventEmitter } from 'node:events';
import {
  type StoredKind,
  type OwnerView,
  type Side,
  type Stage,
  stages,
} from '@strangler-toolkit/plan';
import { z } from 'zod';

export interface Hold {
  readonly id: string;
  /** On this process's monotonic clock. */
  readonly until: number;
}
export interface OwnerState extends OwnerView {
  readonly hold: Hold | undefined;
}

const row = z.object({
  context: z.string(),
  dataKind: z.enum(['none', 'shared', 'replicated']),
  stage: z.enum(stages),
  owner: z.enum(['monolith', 'service']),
  epoch: z.coerce.bigint(),
  holdId: z.string().nullable(),
  /** Milliseconds that the hold has left by the control database's clock. */
  holdLeftMs: z.coerce.number().nullable(),
});
/** One row of `strangler_control.contexts` as it comes over the wire. */
export type OwnerRow = z.infer<typeof row>;
export const parseOwnerRow = (value: unknown): OwnerRow => row.parse(value);

const snapshot = z.array(
  z.object({
    context: z.string(),
    dataKind: row.shape.dataKind,
    stage: row.shape.stage,
    owner: row.shape.owner,
    epoch: z.string(),
  }),
);
export type OwnerSnapshot = z.infer<typeof snapshot>;
export const parseOwnerSnapshot = (value: unknown): OwnerSnapshot => snapshot.parse(value);

const unknownState = (dataKind: StoredKind): OwnerState => ({
  dataKind,
  stage: 'monolith',
  owner: 'monolith',
  epoch: 0n,
  known: false,
  hold: undefined,
});

/** Replication wins: a file and a row that disagree must not let flags move writes. */
const stricter = (told: StoredKind, declared: StoredKind): StoredKind =>
  declared === 'replicated' ? declared : told;

/**
 * Owner, epoch and hold of every context, as last told. An older epoch never overwrites a newer one, whatever order answers
 * arrive in. Emits `change` with the context.
 */
export class OwnerStates extends EventEmitter<{
  change: [context: string];
  regressed: [context: string, told: bigint, known: bigint];
  agreed: [context: string];
}> {
  readonly #states = new Map<string, OwnerState>();
  #declared: ReadonlyMap<string, StoredKind> = new Map();
  /** What is on disk of contexts without a file: it comes back, and the control database may be away then. */
  readonly #undeclared = new Map<string, OwnerSnapshot[number]>();
  readonly #now: () => number;

  constructor(
    declared: ReadonlyMap<string, StoredKind>,
    now: () => number = () => performance.now(),
  ) {
    super();
    this.#now = now;
    this.declare(declared);
  }

  /** What the context files say now. What was told of a context stays, also of one that they leave out. */
  declare(declared: ReadonlyMap<string, StoredKind>): void {
    this.#declared = declared;
    for (const [context, dataKind] of declared) {
      const state = this.#states.get(context);
      const known = state?.known
        ? { ...state, dataKind: stricter(state.dataKind, dataKind) }
        : unknownState(dataKind);
      this.#states.set(context, known);
      const saved = this.#undeclared.get(context);
      if (!state?.known && saved) this.restore([saved]);
      this.#undeclared.delete(context);
    }
  }

  /** Of contexts without a file, what was known when there was one. */
  get undeclared(): OwnerSnapshot {
    return [...this.#undeclared.values()];
  }

  get(context: string): OwnerState {
    return this.#states.get(context) ?? unknownState('none');
  }

  contexts(): readonly string[] {
    return [...this.#declared.keys()];
  }

  /** Is every context told of that was ever told of? */
  isComplete(told: readonly string[]): boolean {
    return this.contexts().every((context) => !this.get(context).known || told.includes(context));
  }

  /** The hold that still runs, if any. */
  holding(context: string): Hold | undefined {
    const { hold } = this.get(context);
    return hold && hold.until > this.#now() ? hold : undefined;
  }

  merge(told: OwnerRow): void {
    const declared = this.#declared.get(told.context);
    const known = this.#states.get(told.context);
    if (declared === undefined || !known) return;
    // Every change of owner has an epoch of its own: two owners of one epoch are two histories.
    const contradicts = known.known && told.epoch === known.epoch && told.owner !== known.owner;
    if (told.epoch < known.epoch || contradicts) {
      this.emit('regressed', told.context, told.epoch, known.epoch);
      return;
    }
    this.emit('agreed', told.context);
    const hold =
      told.holdId !== null && told.holdLeftMs !== null && told.holdLeftMs > 0
        ? { id: told.holdId, until: this.#now() + told.holdLeftMs }
        : undefined;
    const next: OwnerState = {
      dataKind: stricter(told.dataKind, declared),
      stage: told.stage,
      owner: told.owner as Side,
      epoch: told.epoch,
      known: true,
      hold,
    };
    this.#states.set(told.context, next);
    const same =
      known.known &&
      known.stage === next.stage &&
      known.owner === next.owner &&
      known.epoch === next.epoch &&
      known.dataKind === next.dataKind &&
      known.hold?.id === next.hold?.id;
    // the same hold may have been prolonged: no news, but its end moved
    if (!same) this.emit('change', told.context);
  }

  /** What goes to disk. Holds don't: after a restart the fence in the database protects what a hold would. */
  snapshot(): OwnerSnapshot {
    const known = [...this.#states]
      .filter(([, state]) => state.known)
      .map(([context, { dataKind, stage, owner, epoch }]) => ({
        context,
        dataKind,
        stage,
        owner,
        epoch: String(epoch),
      }));
    return [...known, ...this.#undeclared.values()];
  }

  restore(saved: OwnerSnapshot): void {
    for (const row of saved) {
      const { context, dataKind, stage, owner, epoch } = row;
      if (!this.#declared.has(context)) this.#undeclared.set(context, row);
      this.merge({
        context,
        dataKind,
        stage: stage as Stage,
        owner,
        epoch: BigInt(epoch),
        holdId: null,
        holdLeftMs: null,
      });
    }
  }
}
