import {
  isStranglerError,
  type MigrationDefinition,
  refuseLostContext,
  refuseOtherIdentity,
  StranglerError,
} from '@strangler-toolkit/plan';
import { inTime, watchFolder } from '@strangler-toolkit/plan/load';
import { classifyFailure } from '../apply/classify-error.ts';
import type { Transport } from '../stream/transport.ts';
import type { WorkerFailure } from '../worker/still-failing.ts';
import { planChange } from '../worker/plan-change.ts';
import { requireStart } from './require-start.ts';
import type { Toolkit } from './toolkit.ts';

/** How soon a file is looked at again that could not be held against databases which are away, milliseconds. */
const againMs = 2_000;

/** What a worker works by. `renewed` aborts when its stream has to begin anew, by another one. */
export interface WorkingPlan {
  readonly definition: MigrationDefinition;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  readonly transport: Transport;
  readonly renewed: AbortSignal;
}

/**
 * The context file of a worker, read again when its folder changes and on SIGHUP. What no stream rests on is taken as it is;
 * with anything else the stream begins anew. A file that cannot be taken changes nothing, and is told of.
 */
export class FollowedContext implements AsyncDisposable {
  /** Why the file that lies there is not the one that this worker works by. */
  problem: WorkerFailure | null = null;
  readonly #kit: Toolkit;
  readonly #reread: boolean;
  readonly #ends: (() => void)[] = [];
  #definition: MigrationDefinition;
  #plan: WorkingPlan;
  #renew = new AbortController();
  #isReading = false;
  #reading: Promise<void> = Promise.resolve();
  #changed = false;
  #later: NodeJS.Timeout | undefined;

  /** `reread`: the worker was told to accept what only a person can. */
  constructor(kit: Toolkit, definition: MigrationDefinition, { reread = false } = {}) {
    this.#kit = kit;
    this.#reread = reread;
    this.#definition = definition;
    this.#plan = this.#planOf(definition);
  }

  /** What the stream that is opened next works by. */
  get plan(): WorkingPlan {
    return this.#plan;
  }

  /** The newest that was taken: also what no stream rests on. */
  get definition(): MigrationDefinition {
    return this.#definition;
  }

  begin(): void {
    const again = (): void => this.#again();
    this.#ends.push(this.#kit.onHangup(again));
    if (this.#kit.env.STRANGLER_WORKER_RELOAD !== '0')
      this.#ends.push(
        watchFolder(this.#kit.contextsDir, again, (problem) =>
          this.#kit.tell(
            'plan',
            `context files are not watched (${problem}): SIGHUP has them read again`,
            'note',
            { level: 'warn' },
          ),
        ),
      );
    // what changed between the first reading and now
    again();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    this.#changed = false;
    await this.#reading;
    clearTimeout(this.#later);
  }

  /** One reading after the other; what comes meanwhile is read once more. */
  #again(): void {
    clearTimeout(this.#later);
    this.#changed = true;
    if (!this.#isReading) this.#reading = this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#isReading = true;
    while (this.#changed && !this.#kit.signal.aborted) {
      this.#changed = false;
      try {
        await this.#read();
        this.problem = null;
      } catch (error) {
        if (!this.#kit.signal.aborted) this.#refused(error);
      }
    }
    this.#isReading = false;
  }

  async #read(): Promise<void> {
    const before = this.#definition;
    const { context } = before;
    const contexts = await inTime(this.#kit.contextsAgain());
    const after = contexts.get(context)?.definition;
    const row = await this.#kit.row(before);
    const stands = { known: true, ...row };
    if (after === undefined) return refuseLostContext(context, stands);
    const { fields, renews } = planChange(before, after);
    if (fields.length === 0) {
      if (this.problem !== null) this.#tell('the context file is as it was: nothing begins anew');
      return;
    }
    refuseOtherIdentity(before, after, stands);
    if (after.data !== before.data)
      throw new StranglerError(
        'CONFIG_INVALID',
        `context ${context} is at stage ${stands.stage}, and its file says data '${after.data}'`,
        { remedy: `Put data '${before.data}' back, or end its workers if it is meant.` },
      );
    if (!renews) {
      this.#definition = after;
      this.#tell(`the context file is read again (${fields.join(', ')}); the stream goes on`);
      return;
    }
    const plan = this.#planOf(after);
    await requireStart(this.#kit, after, { row, reread: this.#reread });
    this.#definition = after;
    this.#tell(`the context file is read again (${fields.join(', ')}); the stream begins anew`);
    const renew = this.#renew;
    this.#renew = new AbortController();
    this.#plan = { ...plan, renewed: this.#renew.signal };
    renew.abort();
  }

  #planOf(definition: MigrationDefinition): WorkingPlan {
    return {
      definition,
      ...this.#kit.databaseUrls(definition),
      transport: this.#kit.transport(definition),
      renewed: this.#renew.signal,
    };
  }

  #refused(error: unknown): void {
    const known = isStranglerError(error);
    this.problem = {
      code: known ? error.code : 'INTERNAL',
      message: error instanceof Error ? error.message : String(error),
    };
    const { code, message } = this.problem;
    this.#kit.tell(
      'plan',
      `the context file is not taken, the worker goes on by the one before: ${code}: ${message}` +
        (known ? `. ${error.remedy}` : ''),
      'note',
      { level: 'error', fields: { code, ...(known && { remedy: error.remedy }) } },
    );
    if (classifyFailure(error) === 'transient')
      this.#later = setTimeout(() => this.#again(), againMs).unref();
  }

  #tell(text: string): void {
    this.#kit.tell('plan', text, 'note', { fields: { context: this.#definition.context } });
  }
}
