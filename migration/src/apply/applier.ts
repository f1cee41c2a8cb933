import { type Direction, StranglerError, targetOf } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { ChangeEvent, Lsn } from '../stream/change-event.ts';
import type { StreamMessage } from '../stream/change-stream.ts';
import { collapseChanges } from './collapse.ts';
import { createInterpreter } from './interpret-event.ts';
import { loadParkedKeys } from './parked-changes.ts';
import { type RelationMessage, RelationWatch } from './relation-watch.ts';
import { PlainInserts } from './plain-inserts.ts';
import { planByKey } from './plan-by-key.ts';
import { type PartOfRow, withGaps } from './with-gaps.ts';
import { RecentCommits } from './recent-commits.ts';
import { Savepoint } from './savepoint.ts';
import {
  beginLocked,
  commitAdvanced,
  readStreamRow,
  type StreamHistory,
} from '../replica/streams.ts';
import { type WriteOrPark, writeInOrder } from './write-or-park.ts';
import { writeTargets } from './write-target.ts';
import { rowSpaces, sharesTables } from '../mapping/row-spaces.ts';

export interface ApplierOptions {
  /** Connected to the target and prepared with `prepareApplySession`; nobody else uses it. */
  readonly client: pg.Client;
  readonly mapping: CompiledMapping;
  readonly context: string;
  readonly direction: Direction;
  readonly epoch: bigint;
  /**
   * Throws SCHEMA_CHANGED when the tables no longer fit the mapping. Asked when a column is
   * missing, and before a change goes to the dead letters.
   */
  readonly checkSchema?: () => Promise<void>;
  /** Throws SCHEMA_CHANGED when rows of a shape that the stream announces for the first time do not fit the mapping. */
  readonly checkRelation?: (relation: RelationMessage) => Promise<void>;
  /** The history that a position belongs to, when there is something new to say of it. */
  readonly historyAt?: (position: Lsn) => StreamHistory | undefined;
  /**
   * A part of the rows is not there yet. A change that does not hold the whole row is passed over where there is none, and
   * its key is told, in the transaction that passes it: such rows must be read again. Nothing goes to the dead letters.
   */
  readonly onPartOfRow?: (client: pg.Client, rows: readonly PartOfRow[]) => Promise<void>;
  /** Events written together (default 5000): what bounds memory. */
  readonly chunkEvents?: number;
}

export interface Applied {
  /** Durable on the target: what may be acknowledged to the source. */
  readonly position: Lsn;
  readonly rows: number;
  /** Changes in the dead letters that are open. */
  readonly deadLetters: number;
}

const usualChunk = 5000;

/** Chunks that a transaction may fill before it is cut although its rows have several parts: memory has an end. */
const wholeChunks = 20;

/**
 * Applies a stream exactly once. The position moves in the transaction that writes the rows, under the lock of its row, so
 * a restart, a second delivery or a second worker cannot write twice.
 *
 * After any failure nothing of the unfinished batch is left: read the stream again from `position()`.
 */
export class Applier {
  readonly #options: ApplierOptions;
  readonly #work: Omit<WriteOrPark, 'parked' | 'savepoint'>;
  readonly #interpret: (
    events: readonly ChangeEvent[],
  ) => ReturnType<ReturnType<typeof createInterpreter>>;
  readonly #interpretParked: ReturnType<typeof createInterpreter>;
  readonly #relations: RelationWatch;
  readonly #recent = new RecentCommits();
  /** Several tables of the source come together in one: their changes are folded or put in order, so their transaction stays whole. */
  readonly #whole: boolean;
  #held: ChangeEvent[] = [];
  #parked = new Set<string>();
  #savepoint: Savepoint;
  #planned = false;
  /** The write that is under way. */
  #writing: Promise<void> = Promise.resolve();
  #open = false;
  #source: { readonly commitLsn: Lsn; readonly skip: boolean } | null = null;
  #position: Lsn = 0n;
  #commitTime: bigint | null = null;
  #rows = 0;
  #checkpoint: Record<string, string> = {};

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#savepoint = new Savepoint(options.client);
    const { client, mapping, context, direction } = options;
    this.#interpret = createInterpreter(mapping, direction);
    this.#interpretParked = createInterpreter(mapping, direction, { parked: true });
    this.#relations = new RelationWatch(mapping, direction);
    this.#whole =
      sharesTables(mapping, targetOf(direction)) ||
      (direction === 'reverse' && mapping.tables.some((table) => table.parts.length > 1));
    this.#work = {
      client,
      mapping,
      context,
      direction,
      targets: writeTargets(mapping, direction),
      spaces: rowSpaces(mapping),
      plainInserts: new PlainInserts(),
      checkSchema: options.checkSchema ?? (async () => {}),
      strict: options.onPartOfRow !== undefined,
    };
  }

  async position(): Promise<Lsn> {
    const { client, context, direction } = this.#options;
    const row = await readStreamRow(client, context, direction);
    if (row === null)
      throw new StranglerError(
        'STREAM_CLOSED',
        `${context}: the ${direction} stream has no position row`,
      );
    return row.position;
  }

  /**
   * Applies messages in one transaction. When they end in the middle of a source transaction, it stays open and null comes
   * back: the next call goes on. What was committed before a table stopped to fit is applied before that is thrown.
   */
  async apply(messages: readonly StreamMessage[]): Promise<Applied | null> {
    try {
      const misfit = await this.#misfit(messages);
      if (misfit === null) return await this.#apply(messages);
      const good = messages.slice(0, misfit.before);
      if (good.length > 0) await this.#apply(good);
      throw misfit.error;
    } catch (error) {
      await this.#writing.catch(() => {});
      this.#writing = Promise.resolve();
      this.#open = false;
      this.#held = [];
      this.#source = null;
      this.#recent.clear();
      await this.#options.client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  /** Looks at announced tables before anything is written. */
  async #misfit(
    messages: readonly StreamMessage[],
  ): Promise<{ readonly error: unknown; readonly before: number } | null> {
    for (let index = 0; index < messages.length; index += 1) {
      const message = messages[index];
      if (message?.kind !== 'relation') continue;
      try {
        const missing = this.#relations.misfit(message);
        if (missing !== null) {
          await this.#work.checkSchema();
          throw missing;
        }
        if (this.#relations.isNew(message)) await this.#options.checkRelation?.(message);
      } catch (error) {
        return {
          error,
          before: messages.slice(0, index).findLastIndex(({ kind }) => kind === 'commit') + 1,
        };
      }
    }
    return null;
  }

  async #apply(messages: readonly StreamMessage[]): Promise<Applied | null> {
    if (!this.#open) await this.#begin();
    const chunk = this.#options.chunkEvents ?? usualChunk;
    let events = this.#held;
    this.#held = [];
    for (const message of messages) {
      switch (message.kind) {
        case 'begin':
          this.#source = {
            commitLsn: message.commitLsn,
            skip: this.#alreadyApplied(message.commitLsn),
          };
          break;
        case 'changes':
          if (this.#source === null)
            throw new StranglerError(
              'INTERNAL',
              'the stream yielded changes outside a transaction',
            );
          if (!this.#source.skip) for (const event of message.events) events.push(event);
          if (events.length >= (this.#whole ? chunk * wholeChunks : chunk)) {
            await this.#write(events);
            events = [];
          }
          break;
        case 'commit':
          if (this.#source?.skip === false) {
            this.#position = message.endLsn;
            this.#commitTime = message.commitTime;
          }
          // also of a transaction that came again: its place in the transport is passed
          if (message.checkpoint !== undefined) Object.assign(this.#checkpoint, message.checkpoint);
          this.#source = null;
          if (this.#whole && events.length >= chunk) {
            await this.#write(events);
            events = [];
          }
          break;
        case 'relation':
          break;
        case 'idle':
          if (message.lsn > this.#position) this.#position = message.lsn;
          if (message.checkpoint !== undefined) Object.assign(this.#checkpoint, message.checkpoint);
          break;
      }
    }
    if (this.#whole && this.#source !== null) {
      this.#held = events;
      await this.#writing;
      return null;
    }
    if (events.length > 0) await this.#write(events);
    await this.#writing;
    return this.#source === null ? await this.#commit() : null;
  }

  async #begin(): Promise<void> {
    const { client, context, direction, epoch } = this.#options;
    if (!this.#planned) await planByKey(client, this.#work.targets.flat());
    this.#planned = true;
    const row = await beginLocked(client, context, direction, epoch);
    this.#savepoint = new Savepoint(client);
    this.#work.plainInserts.begin();
    this.#parked =
      row.deadLetters === 0 ? new Set() : await loadParkedKeys(this.#work, this.#interpretParked);
    this.#position = row.position;
    this.#commitTime = null;
    this.#rows = 0;
    this.#checkpoint = {};
    this.#open = true;
  }

  /** A transaction that comes a second time is skipped; one that should have come earlier is a hole. */
  #alreadyApplied(commitLsn: Lsn): boolean {
    if (commitLsn <= this.#recent.last) {
      if (this.#recent.has(commitLsn)) return true;
      throw new StranglerError(
        'POSITION_GAP',
        `${this.#options.context}: the stream is out of order: commit ${commitLsn} came after ${this.#recent.last}`,
      );
    }
    this.#recent.add(commitLsn);
    return commitLsn < this.#position;
  }

  /** Makes changes ready while those before them are written. */
  async #write(events: readonly ChangeEvent[]): Promise<void> {
    const { onPartOfRow } = this.#options;
    const interpreted = this.#interpret(events);
    const { changes, parts } =
      onPartOfRow === undefined ? { changes: interpreted, parts: [] } : withGaps(interpreted);
    const steps = collapseChanges(changes);
    await this.#writing;
    if (changes.length === 0) return;
    this.#writing = writeInOrder(
      { ...this.#work, parked: this.#parked, savepoint: this.#savepoint },
      changes,
      steps,
    ).then(async (rows) => {
      this.#rows += rows;
      if (parts.length > 0) await onPartOfRow?.(this.#options.client, parts);
    });
    // whoever waits for it next sees that it failed
    this.#writing.catch(() => {});
  }

  async #commit(): Promise<Applied> {
    const { client, context, direction } = this.#options;
    await commitAdvanced(client, context, direction, {
      position: this.#position,
      commitTime: this.#commitTime,
      rows: this.#rows,
      checkpoint: this.#checkpoint,
      history: this.#options.historyAt?.(this.#position),
    });
    this.#open = false;
    return { position: this.#position, rows: this.#rows, deadLetters: this.#parked.size };
  }
}

export const createApplier = (options: ApplierOptions): Applier => new Applier(options);
