import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { pause } from '../pause.ts';
import { forgetProcessed, noteProcessed } from '../replica/processed-events.ts';
import type { DomainEvent } from './domain-event.ts';
import { tellEvent } from './event-span.ts';

/** Writes through `transaction` only: what it writes stands or falls with the note that the event was handled. */
export type EventHandler = (event: DomainEvent, transaction: pg.ClientBase) => Promise<void> | void;

export interface InboxOptions {
  readonly client: pg.Client;
  readonly consumer: string;
  readonly handler: EventHandler;
  /** How often the handler may fail for one event. */
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** Hands every event to the handler once in effect, however often and by however many processes it is delivered. */
export class Inbox {
  readonly #options: InboxOptions;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** @throws StranglerError EVENT_FAILED when the handler fails again and again; the database's error when the connection breaks */
  async deliver(event: DomainEvent): Promise<'handled' | 'duplicate'> {
    const { attempts, client, signal } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#handle(event);
      } catch (error) {
        // Fails when the connection is what broke: then the event is delivered again over another one.
        await client.query('ROLLBACK').catch(() => Promise.reject(error));
        if (signal.aborted) throw error;
        if (attempt >= attempts) throw failed(event, this.#options.consumer, attempt, error);
        await pause(Math.min(5000, 50 * 2 ** attempt), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  async #handle(event: DomainEvent): Promise<'handled' | 'duplicate'> {
    const { client, consumer, handler } = this.#options;
    await client.query('BEGIN');
    if (!(await noteProcessed(client, consumer, event.id))) {
      await client.query('ROLLBACK');
      return 'duplicate';
    }
    return tellEvent(event, consumer, () => this.#write(() => handler(event, client)));
  }

  async #write(handle: () => Promise<void> | void): Promise<'handled'> {
    const { client } = this.#options;
    await handle();
    // A handler that swallows an error of the database leaves a transaction behind that can only be
    // rolled back: COMMIT does so and succeeds.
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT')
      throw new Error(
        'a statement of the handler failed, and the handler went on: its transaction was rolled back',
      );
    return 'handled';
  }

  /** Events that are older than what any transport still delivers need no remembering. */
  async forget(olderThanDays: number): Promise<void> {
    const { client, consumer } = this.#options;
    if (olderThanDays === Infinity) return;
    await forgetProcessed(client, consumer, olderThanDays);
  }
}

const failed = (
  event: DomainEvent,
  consumer: string,
  attempts: number,
  cause: unknown,
): StranglerError =>
  new StranglerError(
    'EVENT_FAILED',
    `${consumer} could not handle event ${event.id} (${event.type} of ${event.aggregateType} ` +
      `${event.aggregateId}), ${attempts} attempts: ` +
      `${cause instanceof Error ? cause.message : String(cause)}`,
    {
      cause,
      details: {
        consumer,
        event: event.id,
        type: event.type,
        aggregateType: event.aggregateType,
        aggregateId: event.aggregateId,
      },
    },
  );
