import { pause } from '../pause.ts';
import type { Control } from '../control/index.ts';
import { currentLsn } from '../database/current-lsn.ts';
import { lsnToText } from '../database/lsn.ts';
import { stillFailing, type WorkerFailure } from './still-failing.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { ChangeStream } from '../stream/change-stream.ts';
import type { StreamSource, Transport } from '../stream/transport.ts';
import { type SlotHealth, slotHealth } from '../stream/source/slot-health.ts';

export interface SamplerOptions {
  readonly control: Control;
  readonly source: StreamSource;
  readonly transport: Pick<Transport, 'kind' | 'nudge'>;
  readonly stream: ChangeStream;
  readonly epoch: number;
  readonly workerId: string;
  /** Renewed at each sample, where something happened since. */
  readonly marks: { renew(now: { readonly lsn: Lsn; readonly rows: bigint }): Promise<void> };
  readonly progress: () => {
    readonly position: Lsn;
    readonly rows: bigint;
    readonly deadLetters: number;
  };
  /** Why rows may differ although everything is applied: then the watermark stands still. */
  readonly held: () => string | undefined;
  /** Name of the slot in the source. */
  readonly slot: string;
  /** Lag when this stream began, as an earlier one left it. */
  readonly lagBefore: number;
  /** Why the stream before this one ended. */
  readonly failure: WorkerFailure | undefined;
  readonly planProblem: (() => WorkerFailure | null) | undefined;
  readonly onSample: (sample: StreamSample) => void;
}

export interface StreamSample {
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly caughtUp: boolean;
  readonly position: Lsn;
  readonly sourcePosition: Lsn;
  /** `null`: it is gone. */
  readonly slot: SlotHealth | null;
  /** `null`: none since this epoch began. */
  readonly verification: Verification | null;
  readonly held?: string;
  readonly failing?: WorkerFailure;
}

export interface Verification {
  readonly ok: boolean;
  readonly ageSeconds: number;
}

/** What a server keeps grows slowly: it and the age of evidence are not worth a question at every sample. */
const slowLookMs = 10_000;

const lacksTables = (notTaken: WorkerFailure | null): boolean =>
  notTaken !== null &&
  ['IDENTITY_CHANGED', 'SCHEMA_CHANGED', 'TARGET_NOT_EMPTY'].includes(notTaken.code);

interface Sample {
  /** Control database's clock, as text. */
  readonly time: string;
  readonly lsn: Lsn;
  readonly at: number;
}

/**
 * Moves the watermark. The time is taken before the source's position: whatever was acknowledged before that time lies
 * before that position, so once the position is applied, so is everything up to the time.
 */
export class WatermarkSampler {
  readonly #options: SamplerOptions;
  #waiting: Sample[] = [];
  #reached: Sample | null = null;
  #moved = performance.now();
  #position: Lsn = 0n;
  readonly #beganAt: Lsn;
  #failing: WorkerFailure | undefined;
  readonly #begun = performance.now();
  #slot: SlotHealth | null = null;
  #verification: Verification | null = null;
  #slowLook = -Infinity;

  constructor(options: SamplerOptions) {
    this.#options = options;
    this.#beganAt = options.progress().position;
    this.#failing = options.failure;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#sample();
      await pause(100, signal);
    }
  }

  async #sample(): Promise<void> {
    const { control, source, stream, transport } = this.#options;
    const at = performance.now();
    if (at - this.#slowLook >= slowLookMs) await this.#lookSlowly(at);
    const time = await control.now();
    const lsn = await currentLsn(source.client);
    // a bounded number of samples is enough: the applier passes them in order
    if (this.#waiting.length < 100) this.#waiting.push({ time, lsn, at });
    stream.probe();
    const { position, rows } = this.#options.progress();
    await this.#options.marks.renew({ lsn, rows });
    if (position !== this.#position) {
      this.#position = position;
      this.#moved = performance.now();
    }
    await this.publish(lsn);
    if (position < lsn && performance.now() - this.#moved > 1000) {
      await transport.nudge(source);
      this.#moved = performance.now();
    }
  }

  async #lookSlowly(at: number): Promise<void> {
    const { control, source, slot, epoch } = this.#options;
    this.#slot = await slotHealth(source.client, slot);
    const found = await control.evidence.latest(source.context, 'verification', epoch);
    this.#verification = found ? { ok: found.ok, ageSeconds: found.ageSeconds } : null;
    this.#slowLook = at;
  }

  async publish(sourceLsn: Lsn): Promise<void> {
    const {
      control,
      source: { context, direction },
      transport,
      epoch,
      workerId,
      onSample,
    } = this.#options;
    const { position, rows, deadLetters } = this.#options.progress();
    const notTaken = this.#options.planProblem?.() ?? null;
    const held = this.#options.held();
    // of a table that facades may know by now, and this stream does not
    const whole = held === undefined && !lacksTables(notTaken);
    const seconds = (performance.now() - this.#begun) / 1000;
    if (!stillFailing(this.#beganAt, { position, seconds })) this.#failing = undefined;
    const more = {
      ...(held !== undefined && { held }),
      ...(this.#failing && { failing: this.#failing }),
    };
    if (whole) {
      const passed = this.#waiting.filter((sample) => sample.lsn <= position);
      this.#reached = passed.at(-1) ?? this.#reached;
      this.#waiting = this.#waiting.filter((sample) => sample.lsn > position);
    }
    const lagSeconds =
      this.#reached === null
        ? this.#options.lagBefore + seconds
        : (performance.now() - this.#reached.at) / 1000;
    const caughtUp = whole && this.#reached !== null && lagSeconds < 1;
    const lagBytes = sourceLsn > position ? sourceLsn - position : 0n;
    await control.watermarks.upsert({
      context,
      direction,
      epoch,
      workerId,
      state: caughtUp ? 'caught-up' : 'streaming',
      appliedLsn: lsnToText(position),
      appliedAt: this.#reached?.time ?? null,
      sourceLsn: lsnToText(sourceLsn),
      lagBytes,
      rowsApplied: rows,
      detail: {
        deadLetters,
        transport: transport.kind,
        ...more,
        ...(notTaken && { notTaken }),
      },
    });
    onSample({
      lagBytes: Number(lagBytes),
      lagSeconds,
      caughtUp,
      position,
      sourcePosition: sourceLsn,
      slot: this.#slot,
      verification: this.#verification,
      ...more,
    });
  }
}
