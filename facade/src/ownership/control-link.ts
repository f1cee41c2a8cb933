import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Logger } from 'pino';
import {
  channels,
  errorCodes,
  type InstanceDetail,
  isStranglerError,
  tlsFailure,
} from '@strangler-toolkit/plan';
import { openSession } from './control-session.ts';
import { type OwnerStates, parseOwnerRow } from './owner-states.ts';
import {
  acknowledge,
  forgetInstance,
  readOwners,
  registerInstance,
  requireKnownSchema,
} from './sql.ts';
import type { WriteGate } from '../holds/write-gate.ts';

export interface ControlLinkOptions {
  readonly url: string;
  readonly name: string;
  readonly states: OwnerStates;
  readonly gate: WriteGate;
  readonly log: Logger;
  readonly pollMs: number;
  readonly heartbeatMs: number;
  /** What the instance tells of itself. */
  readonly detail: () => InstanceDetail;
  /**
   * What else is looked up whenever the owners are, on the same connection. What it returns takes over what it found, after a look
   * at the owners that found them whole: a database may fall back between two questions.
   */
  readonly alsoLook?: (client: pg.Client) => Promise<(() => void) | undefined>;
}

/**
 * The facade's line to the control database: listens, polls as a fallback, beats, and acknowledges what it knows. All of it on
 * one connection and one loop, so that answers arrive in the order of the questions.
 */
export class ControlLink {
  readonly instanceId = randomUUID();
  readonly #options: ControlLinkOptions;
  readonly #dirty = new Set<string>();
  readonly #onLook = new Set<() => void>();
  #client: pg.Client | undefined;
  #stopped = false;
  #woken = false;
  #endSleep: () => void = () => {};
  #loop: Promise<void> = Promise.resolve();
  #beatAt = -Infinity;
  #lastAnswer: number | undefined;
  #clockOffsetMs = 0;
  /** False: contexts that had an owner are not told of any more, as by a database that is empty or was restored. */
  #complete = false;

  constructor(options: ControlLinkOptions) {
    this.#options = options;
    options.states.on('change', (context) => this.acknowledge(context));
  }

  get up(): boolean {
    return this.#client !== undefined;
  }

  /** Seconds since the control database last answered; null: never. */
  get ageSeconds(): number | null {
    return this.#lastAnswer === undefined ? null : (performance.now() - this.#lastAnswer) / 1_000;
  }

  /** Control clock minus ours, good enough to name seconds alike on all machines. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs;
  }

  /** Returns when the first answer arrived or `withinMs` passed; the link goes on trying either way. */
  async start(withinMs: number): Promise<void> {
    const first = new Promise<void>((resolve) => {
      this.#loop = this.#run(resolve);
    });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      first,
      new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs))),
    ]);
    clearTimeout(timer);
  }

  /** Something else told that the owners may have changed. */
  lookSoon(): void {
    this.#wake();
  }

  /** True after a look that begins from now on, false after `withinMs` without one. */
  async looked(withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const looked = await new Promise<boolean>((resolve) => {
      this.#onLook.add(() => resolve(true));
      timer = setTimeout(() => resolve(false), withinMs);
      this.#wake();
    });
    clearTimeout(timer);
    return looked;
  }

  /** Says what this instance knows about the context, as soon as possible and again after every reconnection. */
  acknowledge(context: string): void {
    this.#dirty.add(context);
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
  }

  async #run(onFirst: () => void): Promise<void> {
    const { log } = this.#options;
    let failures = 0;
    while (!this.#stopped) {
      try {
        await this.#session(() => {
          failures = 0;
          onFirst();
        });
      } catch (error) {
        const code = isStranglerError(error) ? error.code : tlsFailure(error);
        if (failures++ % 20 === 0)
          log.warn(
            { err: message(error), ...(code && { code, remedy: errorCodes[code] }) },
            isStranglerError(error)
              ? 'control database cannot be used; serving with the last known state'
              : 'control database is not reachable; serving with the last known state',
          );
      }
      if (!this.#stopped) await this.#sleep(Math.min(100 * 2 ** Math.min(failures, 5), 2_000));
    }
  }

  async #session(onAnswer: () => void): Promise<void> {
    const { url, name, states, pollMs, log } = this.#options;
    const lost = new AbortController();
    const client = await openSession(url, `facade ${name} link`, () => {
      lost.abort();
      this.#wake();
    });
    try {
      await requireKnownSchema(client);
      client.on('notification', () => this.#wake());
      await client.query(`LISTEN ${channels.contexts}`);
      // registered before the first look at the holds: either a cutover's list has this instance, or this look sees its hold
      await this.#beat(client);
      for (const context of states.contexts()) this.#dirty.add(context);
      this.#client = client;
      let connected = false;
      while (!this.#stopped && !lost.signal.aborted) {
        await this.#look(client);
        await this.#acknowledgeAll(client);
        // after that: whatever keeps it from an answer, no cutover waits for it
        const take = this.#complete ? await this.#options.alsoLook?.(client) : undefined;
        if (take) {
          await this.#look(client);
          if (this.#complete) take();
        }
        if (!connected) log.info('control database is connected');
        connected = true;
        onAnswer();
        if (performance.now() - this.#beatAt > this.#options.heartbeatMs) await this.#beat(client);
        if (this.#dirty.size === 0) await this.#sleep(pollMs);
      }
      if (this.#stopped && !lost.signal.aborted) await forgetInstance(client, this.instanceId);
    } finally {
      this.#client = undefined;
      await client.end().catch(() => {});
    }
  }

  async #look(client: pg.Client): Promise<void> {
    const waiting = [...this.#onLook];
    const asked = Date.now();
    const { now, rows } = await readOwners(client);
    this.#lastAnswer = performance.now();
    this.#clockOffsetMs = now - (asked + Date.now()) / 2;
    const told = rows.map((row) => parseOwnerRow(row));
    for (const row of told) this.#options.states.merge(row);
    this.#complete = this.#options.states.isComplete(told.map(({ context }) => context));
    for (const done of waiting) {
      this.#onLook.delete(done);
      done();
    }
  }

  async #beat(client: pg.Client): Promise<void> {
    const { name, detail } = this.#options;
    await registerInstance(client, this.instanceId, { name, detail: detail() });
    this.#beatAt = performance.now();
  }

  async #acknowledgeAll(client: pg.Client): Promise<void> {
    const { states, gate } = this.#options;
    for (const context of [...this.#dirty]) {
      this.#dirty.delete(context);
      const state = states.get(context);
      if (!state.known) continue;
      const hold = states.holding(context);
      try {
        await acknowledge(client, {
          instanceId: this.instanceId,
          context,
          epoch: state.epoch,
          holdId: hold?.id ?? null,
          drained: gate.drained(context),
        });
      } catch (error) {
        this.#dirty.add(context);
        throw error;
      }
    }
  }

  /** What woke the loop while it was busy is not forgotten: the next sleep ends at once. */
  #wake(): void {
    this.#woken = true;
    this.#endSleep();
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#endSleep = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#woken = false;
  }
}

const message = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
