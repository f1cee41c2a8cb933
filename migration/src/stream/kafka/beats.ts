import { type Direction, StranglerError } from '@strangler-toolkit/plan';
import { heartbeatTable } from '../../replica/heartbeats.ts';
import type { SourceTable } from '../transport.ts';
import type { Envelope } from './decode/envelope.ts';

export const isHeartbeat = ({ schema, table }: SourceTable): boolean =>
  schema === heartbeatTable.schema && table === heartbeatTable.table;

/**
 * The heartbeat row counts by one. A slot that was lost and made again, or moved by hand, leaves no trace in Kafka, but it skips
 * beats. They are looked at as they arrive, in the order of their one partition; a repetition goes back and then on again.
 */
export class Beats {
  readonly #context: string;
  readonly #direction: Direction;
  readonly #stream: string;
  #last: number;

  /** `last`: the newest one that was seen before, 0 for a new stream. */
  constructor({
    context,
    direction,
    stream,
    last,
  }: {
    context: string;
    direction: Direction;
    stream: string;
    last: number;
  }) {
    this.#context = context;
    this.#direction = direction;
    this.#stream = stream;
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  /** @throws StranglerError POSITION_GAP */
  observe({ op, after }: Pick<Envelope, 'op' | 'after'>): void {
    if (
      op !== 'u' ||
      after === null ||
      after.context !== this.#context ||
      after.direction !== this.#direction ||
      after.stream !== this.#stream
    )
      return;
    const beat = Number(after.beat);
    if (beat > this.#last + 1) {
      throw new StranglerError(
        'POSITION_GAP',
        `${this.#context}: heartbeat ${beat} came after ${this.#last} in the ${this.#direction} stream: changes in between are missing`,
        {
          details: { stream: this.#stream, beat, last: this.#last },
          remedy:
            `The slot was lost and made again, or was moved on: run strangler replicate ` +
            `${this.#context} --restart, which copies anew.`,
        },
      );
    }
    this.#last = Math.max(this.#last, beat);
  }
}
