import { join } from 'node:path';
import {
  type StoredKind,
  type InstanceDetail,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import type { Logger } from 'pino';
import type { FacadeLimits } from '../config/limits.ts';
import { DurableFile } from '../resilience/durable-file.ts';
import { ControlLink, type ControlLinkOptions } from './control-link.ts';
import { type FreshnessAnswer, FreshnessCheck } from './freshness.ts';
import { type OwnerSnapshot, OwnerStates, parseOwnerSnapshot } from './owner-states.ts';
import { type PinMove, PinWriter } from './pin-writer.ts';
import { WriteGate } from '../holds/write-gate.ts';

export interface OwnershipOptions {
  readonly controlUrl: string | undefined;
  readonly name: string;
  readonly stateDir: string;
  readonly declared: ReadonlyMap<string, StoredKind>;
  readonly limits: FacadeLimits;
  readonly log: Logger;
  /** What this instance tells of itself. */
  readonly detail: () => InstanceDetail;
  /** What else is looked up whenever the owners are. */
  readonly alsoLook?: ControlLinkOptions['alsoLook'];
}

/** Everything the facade knows about who owns what: from the control database, else from disk, else the monolith. */
export class Ownership {
  readonly states: OwnerStates;
  readonly gate: WriteGate;
  readonly link: ControlLink | undefined;
  readonly #freshness: FreshnessCheck | undefined;
  readonly #pins: PinWriter | undefined;
  readonly #file: DurableFile<OwnerSnapshot>;
  readonly #log: Logger;
  readonly #limits: FacadeLimits;
  #regressed = new Set<string>();
  #restored = false;

  constructor(options: OwnershipOptions) {
    const { controlUrl, name, stateDir, declared, limits, log, detail, alsoLook } = options;
    this.states = new OwnerStates(declared);
    this.gate = new WriteGate(
      this.states,
      { maxWaiting: limits.holdMaxWaiting, maxWaitMs: limits.holdMaxMs },
      (context) => this.link?.acknowledge(context),
    );
    this.#file = new DurableFile(join(stateDir, `owners-${name}.json`));
    this.#log = log;
    this.#limits = limits;
    this.states.on('regressed', (context, told, known) => {
      if (this.#regressed.has(context)) return;
      this.#regressed.add(context);
      log.error(
        { context, told: String(told), known: String(known) },
        'the control database tells an older epoch than known; ignored (was it restored from a backup?)',
      );
    });
    this.states.on('agreed', (context) => {
      if (this.#regressed.delete(context))
        log.info({ context }, 'the control database knows the epoch again');
    });
    this.states.on('change', (context) => this.#changed(context));
    if (controlUrl === undefined) return;
    this.link = new ControlLink({
      url: controlUrl,
      name,
      states: this.states,
      gate: this.gate,
      log,
      pollMs: limits.pollMs,
      heartbeatMs: limits.heartbeatMs,
      detail,
      ...(alsoLook && { alsoLook }),
    });
    this.#freshness = new FreshnessCheck({ url: controlUrl, name, patienceMs: limits.freshnessMs });
    this.#pins = new PinWriter({
      url: controlUrl,
      name,
      patienceMs: limits.pinMs,
      onLost: (context) =>
        log.warn(
          { context },
          'a pin could not be written in time; readers of other facades may be behind until the control database is back',
        ),
    });
  }

  get restoredFromDisk(): boolean {
    return this.#restored;
  }

  get regressed(): readonly string[] {
    return [...this.#regressed];
  }

  async start(): Promise<void> {
    const saved = await this.#file.read(parseOwnerSnapshot);
    if (saved) {
      this.#restored = true;
      this.states.restore(saved);
      for (const { context, stage, owner } of this.states.undeclared)
        if (stage !== 'monolith')
          this.#log.error(
            { context, stage, owner },
            'a context whose owner was known has no context file any more: everything of it goes to the monolith',
          );
    }
    await Promise.all([this.link?.start(this.#limits.startMs), this.#freshness?.warm()]);
  }

  /** New contexts: resolves when the control database has told of them, or could have. */
  async declare(declared: ReadonlyMap<string, StoredKind>): Promise<void> {
    this.states.declare(declared);
    for (const context of declared.keys()) this.link?.acknowledge(context);
    const looked = await this.link?.looked(this.#limits.startMs);
    const unknown = [...declared.keys()].filter((context) => !this.states.get(context).known);
    if (looked === false && unknown.length > 0)
      throw new StranglerError(
        'DB_UNREACHABLE',
        `nobody tells who owns ${unknown.join(', ')}: the control database did not answer in time`,
      );
  }

  /** Asked while a write of ours has no pin yet, the control database would call stale fresh: its word on the owner counts, no more. */
  async freshness(context: string, identities: readonly string[]): Promise<FreshnessAnswer> {
    const owed = this.#pins?.owes(context) ?? false;
    const answer: FreshnessAnswer = (await this.#freshness?.ask(context, identities)) ?? {
      known: false,
    };
    return owed && answer.known ? { ...answer, fresh: false } : answer;
  }

  /**
   * Looks again, after a side answered a write with a failure: did another side own the context by then, or is a hold under way
   * of which this facade has not heard? Then a fence refused it. Without an answer nobody knows, and the answer stands.
   */
  async wasTooLate(context: string, side: Side, epoch: bigint): Promise<boolean> {
    const heard = this.states.holding(context) !== undefined;
    const now = await this.#freshness?.ownerNow(context);
    if (now === undefined) return false;
    const late = now.epoch > epoch || now.owner !== side || (now.held && !heard);
    if (late) this.link?.lookSoon();
    return late;
  }

  /** None: everybody. */
  pin(context: string, identities: readonly string[]): Promise<boolean> {
    return this.#pins?.pin(context, identities) ?? Promise.resolve(false);
  }

  carryPins(moves: readonly PinMove[]): Promise<boolean> {
    return this.#pins?.carry(moves) ?? Promise.resolve(false);
  }

  async stop(): Promise<void> {
    await Promise.all([this.link?.stop(), this.#freshness?.stop(), this.#pins?.stop()]);
    // what was told last is on disk before the process ends
    await this.#file.settled();
  }

  #changed(context: string): void {
    const { owner, stage, epoch, hold } = this.states.get(context);
    this.#log.info({ context, owner, stage, epoch: String(epoch), hold: hold?.id }, 'ownership');
    void this.#file
      .write(this.states.snapshot())
      .catch((error: unknown) =>
        this.#log.error({ err: String(error) }, 'the last known owners cannot be stored'),
      );
  }
}
