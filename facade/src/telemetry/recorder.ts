import type pg from 'pg';
import { codeOf, numberStatements } from '@strangler-toolkit/plan';
import { openSession } from '../ownership/control-session.ts';
import { controlClock, watermarkPassed } from '../ownership/sql.ts';
import { type AnswerForm, answerFormKey } from '../shadow/answer-form.ts';
import { type ShadowCount, shadowCountKey, type ShadowSample } from '../shadow/records.ts';
import {
  addIdentities,
  identitiesKey,
  type IdentitiesSeen,
  toldIdentities,
} from './identities-seen.ts';
import { Ledger } from './ledger.ts';
import { readsApart, type WriteWindow, WriteWindows } from './write-windows.ts';
import { addUnclaimed, type Unclaimed, unclaimedKey } from './unclaimed.ts';
import { addRouteStats, type RouteStat, routeStatKey } from './route-stats.ts';

export interface RecorderOptions {
  readonly url: string | undefined;
  readonly name: string;
  readonly flushMs: number;
  readonly onDrop: (
    kind:
      | 'route-stats'
      | 'shadow-counts'
      | 'shadow-samples'
      | 'identities'
      | 'unclaimed'
      | 'write-windows'
      | 'read-windows'
      | 'answer-forms',
    count: number,
  ) => void;
}

const sampleLimit = 200;
const retentionMs = 10_000;
const auditLookMs = 2_000;

/** Neither a journal yet, nor the right to read it: no audit of which this facade could know. */
const noJournal = new Set(['42P01', '3F000', '42501']);

/** A control database that the release before this one made has no such table: it comes with the next command or worker. */
const unlessMissing = (error: unknown): void => {
  if (codeOf(error) !== '42P01') throw error;
};

/** Brings numbers to the control database each second. While it is down they add up in memory, bounded. */
export class Recorder {
  readonly stats: Ledger<RouteStat>;
  readonly counts: Ledger<ShadowCount>;
  readonly identities: Ledger<IdentitiesSeen>;
  readonly unclaimed: Ledger<Unclaimed>;
  readonly writes: WriteWindows;
  /** Filled while an audit fence stands only. */
  readonly reads: WriteWindows;
  readonly forms: Ledger<AnswerForm>;
  readonly #options: RecorderOptions;
  readonly #timer: NodeJS.Timeout | undefined;
  #samples: ShadowSample[] = [];
  #client: pg.Client | undefined;
  #opening: Promise<pg.Client> | undefined;
  #flushing: Promise<void> | undefined;
  #sweptAt = 0;
  #lookedForAuditAt = -Infinity;
  #auditStands = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.stats = new Ledger({
      keyOf: routeStatKey,
      merge: addRouteStats,
      limit: 50_000,
      onDrop: (count) => options.onDrop('route-stats', count),
    });
    this.counts = new Ledger({
      keyOf: shadowCountKey,
      limit: 10_000,
      onDrop: (count) => options.onDrop('shadow-counts', count),
      merge: (into, more) => {
        into.count += more.count;
      },
    });
    this.identities = new Ledger({
      keyOf: identitiesKey,
      merge: addIdentities,
      limit: 1_000,
      onDrop: (count) => options.onDrop('identities', count),
    });
    this.unclaimed = new Ledger({
      keyOf: unclaimedKey,
      merge: addUnclaimed,
      limit: 500,
      onDrop: (count) => options.onDrop('unclaimed', count),
    });
    this.forms = new Ledger({
      keyOf: answerFormKey,
      limit: 500,
      onDrop: (count) => options.onDrop('answer-forms', count),
      merge: (into, more) => {
        into.answers += more.answers;
      },
    });
    this.writes = new WriteWindows((count) => options.onDrop('write-windows', count));
    this.reads = new WriteWindows((count) => options.onDrop('read-windows', count), readsApart);
    if (options.url) this.#timer = setInterval(() => void this.flush(), options.flushMs).unref();
  }

  /** Whether there is anybody to tell. */
  get tells(): boolean {
    return Boolean(this.#options.url);
  }

  /** Whether a fence logs what is written, so that reads are of interest. */
  get auditStands(): boolean {
    return this.#auditStands;
  }

  sample(sample: ShadowSample): void {
    this.#samples.push(sample);
    if (this.#samples.length > sampleLimit) {
      this.#samples.shift();
      this.#options.onDrop('shadow-samples', 1);
    }
  }

  /** One flush at a time; never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush()
      .catch(() => this.#forget())
      .finally(() => {
        this.#flushing = undefined;
      });
    return this.#flushing;
  }

  /** Has the side that does not own the context everything that was acknowledged before this call? Waits for it. */
  async caughtUp(context: string, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    try {
      const client = await this.#connected();
      const moment = await controlClock(client);
      for (;;) {
        if (await watermarkPassed(client, context, moment)) return true;
        if (performance.now() > deadline) return false;
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
    } catch {
      return false;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#options.url) await this.flush();
    await this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  async #flush(): Promise<void> {
    if (!this.#options.url) return;
    await this.#lookForAudit();
    if (
      this.stats.size === 0 &&
      this.counts.size === 0 &&
      this.identities.size === 0 &&
      this.unclaimed.size === 0 &&
      this.writes.size === 0 &&
      this.reads.size === 0 &&
      this.forms.size === 0 &&
      this.#samples.length === 0
    )
      return;
    const client = await this.#connected();
    const send =
      (text: string) =>
      async (entries: readonly unknown[]): Promise<void> =>
        void (await client.query(text, [JSON.stringify(entries)]));
    await this.stats.flush((entries) =>
      send(numberStatements.addRouteStats)(entries).catch((error: unknown) => {
        if (codeOf(error) !== '42703') throw error;
        return send(numberStatements.addRouteStatsBefore0006)(entries);
      }),
    );
    await this.counts.flush(send(numberStatements.addShadowCounts));
    const samples = this.#samples;
    if (samples.length > 0) {
      await send(numberStatements.addShadowSamples)(samples);
      this.#samples = this.#samples.slice(samples.length);
    }
    await this.identities
      .flush((entries) => send(numberStatements.addIdentitiesSeen)(entries.map(toldIdentities)))
      .catch(unlessMissing);
    await this.unclaimed.flush(send(numberStatements.addUnclaimed)).catch(unlessMissing);
    const sendWindows = (windows: readonly WriteWindow[]): Promise<void> =>
      send(numberStatements.addWriteWindows)(
        windows.map((window) => ({ facade: this.#options.name, ...window })),
      );
    await this.writes.flush(sendWindows).catch(unlessMissing);
    await this.reads.flush(sendWindows).catch(unlessMissing);
    await this.forms.flush(send(numberStatements.addAnswerForms)).catch(unlessMissing);
    if (performance.now() - this.#sweptAt < retentionMs) return;
    this.#sweptAt = performance.now();
    await client.query(numberStatements.forgetOldShadowSamples);
    await client.query(numberStatements.forgetOldRouteStats);
    await client.query(numberStatements.forgetOldIdentities).catch(unlessMissing);
    await client.query(numberStatements.forgetOldUnclaimed).catch(unlessMissing);
    await client.query(numberStatements.forgetOldWriteWindows).catch(unlessMissing);
    await client.query(numberStatements.forgetOldAnswerForms).catch(unlessMissing);
  }

  async #lookForAudit(): Promise<void> {
    if (performance.now() - this.#lookedForAuditAt < auditLookMs) return;
    const client = await this.#connected();
    const { rows } = await client
      .query<{ stands: boolean }>(numberStatements.auditStands)
      .catch((error: unknown) => {
        if (!noJournal.has(codeOf(error))) throw error;
        return { rows: [] };
      });
    this.#auditStands = rows[0]?.stands === true;
    this.#lookedForAuditAt = performance.now();
  }

  #forget(): void {
    const client = this.#client;
    this.#client = undefined;
    void client?.end().catch(() => {});
  }

  /** A flush and several comparisons may ask at once: one connection all the same. */
  async #connected(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #open(): Promise<pg.Client> {
    if (!this.#options.url) throw new Error('no control database');
    const client = await openSession(
      this.#options.url,
      `facade ${this.#options.name} numbers`,
      (lost) => {
        if (this.#client === lost) this.#client = undefined;
      },
    );
    this.#client = client;
    return client;
  }
}
