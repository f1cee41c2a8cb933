import { type Side, StranglerError } from '@strangler-toolkit/plan';
import type { Identity } from '../identity/identity.ts';
import { type Change, changesText, whatChanged } from '../identity/what-changed.ts';
import { pause } from '../pause.ts';

/** How often the catalogs are asked, in milliseconds: one query to each database. */
export const lookEveryMs = 2000;

export interface WatchOptions {
  readonly context: string;
  /** What the applied rows rest on, as it was written down. */
  readonly known: Identity;
  look(): Promise<Identity>;
  isEmpty(side: Side, oid: string): Promise<boolean>;
  /** @throws StranglerError SCHEMA_CHANGED, naming the line, when the mapping does not fit the tables any more */
  checkFit(): Promise<void>;
  /** Everything that was written before now is applied, or it took too long. */
  drained(signal: AbortSignal): Promise<void>;
  /** @throws when another worker or another epoch took over: a move drops what its old stream needs */
  stillMine(): Promise<void>;
  /** Every transaction of the source has ended that may have written before now. */
  writersEnded(signal: AbortSignal, onWait: (who: string) => void): Promise<void>;
  /** Compares and sends what differs. */
  reread(scopes: readonly Scope[], signal: AbortSignal): Promise<void>;
  adopt(identity: Identity): Promise<void>;
  /** Somebody said that what would stop the stream is to be read again; it holds for the first look. */
  readonly accepted: boolean;
}

/** Rows that may differ: of all tables, of one of the monolith's (`schema.table`), or only those in a new partition. */
export type Scope =
  | { readonly of: 'everything' }
  | { readonly of: 'table'; readonly table: string }
  | { readonly of: 'leaf'; readonly table: string; readonly side: Side; readonly oid: string };

/** What has to be read again, each row once: a table that is compared whole holds its new partitions. */
export function scopesOf(changes: readonly Change[]): readonly Scope[] {
  if (changes.some(({ table }) => table === null)) return [{ of: 'everything' }];
  const whole = new Set(
    changes.flatMap(({ table, newLeaf }) => (table !== null && !newLeaf ? [table] : [])),
  );
  return [
    ...[...whole].map((table) => ({ of: 'table' as const, table })),
    ...changes.flatMap(({ table, newLeaf }) =>
      table !== null && newLeaf && !whole.has(table)
        ? [{ of: 'leaf' as const, table, ...newLeaf }]
        : [],
    ),
  ];
}

interface Found {
  readonly now: Identity;
  readonly changes: readonly Change[];
}

/** @throws StranglerError IDENTITY_CHANGED when one of the changes may keep events back */
export function refuseStops(context: string, changes: readonly Change[]): void {
  const stops = changes.filter(({ severity }) => severity === 'stop');
  if (stops.length === 0) return;
  throw new StranglerError('IDENTITY_CHANGED', `${context}: ${changesText(stops)}`, {
    ...(stops.some(({ final }) => final) && {
      remedy: `Put the condition back, and change it after strangler rollback ${context}.`,
    }),
    details: { changes: changes.map(({ severity, text }) => `${severity}: ${text}`) },
  });
}

/**
 * Looks again and again whether the tables are still those whose rows were applied: a rewrite, an exchange, a partition that
 * comes or goes, a publication that leaves something out, none of them is an event. What may have changed rows is read
 * again while the stream goes on, and the watermark stands still until that is done; what may keep events back stops it.
 */
export class IdentityWatch {
  readonly #options: WatchOptions;
  #known: Identity;
  #found: Found | undefined;
  #awaited: string | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#known = options.known;
  }

  /** Why the watermark must not move; undefined: it may. */
  get held(): string | undefined {
    if (this.#found === undefined) return undefined;
    const text = changesText(this.#found.changes);
    return this.#awaited === undefined ? text : `${text}; waits for the end of ${this.#awaited}`;
  }

  /** Before the stream begins. @throws StranglerError IDENTITY_CHANGED */
  async begin(): Promise<void> {
    await this.#look();
    const final = this.#found?.changes.some((change) => change.final) === true;
    if (!this.#stops() || (this.#options.accepted && !final)) return;
    await this.#options.stillMine();
    this.#refuseStop();
  }

  async run(signal: AbortSignal): Promise<void> {
    try {
      if (this.#found !== undefined) await this.#mend(this.#found, signal);
      while (!signal.aborted) {
        await pause(lookEveryMs, signal);
        if (signal.aborted) return;
        await this.#look();
        if (this.#found === undefined) continue;
        await this.#options.stillMine();
        await this.#options.checkFit();
        if (this.#stops()) await this.#options.drained(signal);
        await this.#options.stillMine();
        this.#refuseStop();
        await this.#mend(this.#found, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look(): Promise<void> {
    const now = await this.#options.look();
    const all = whatChanged(this.#known, now);
    const changes: Change[] = [];
    for (const change of all) {
      const { newLeaf } = change;
      if (change.severity === 'void') continue;
      if (newLeaf !== undefined && (await this.#options.isEmpty(newLeaf.side, newLeaf.oid)))
        continue;
      changes.push(change);
    }
    if (changes.length > 0) this.#found = { now, changes };
    else if (all.length > 0) await this.#adopt(now);
  }

  /** What is open may have written while its table was not published: neither an event nor a row that anybody sees. */
  #mayBeUnderWay({ severity, table }: Change): boolean {
    return (
      severity === 'stop' ||
      (table !== null && this.#known.mapping.every(({ monolith }) => monolith !== table))
    );
  }

  #stops(): boolean {
    return this.#found?.changes.some(({ severity }) => severity === 'stop') === true;
  }

  #refuseStop(): void {
    if (this.#found) refuseStops(this.#options.context, this.#found.changes);
  }

  /** What changes while this reads is different from what is adopted, so the next look finds it. */
  async #mend({ now, changes }: Found, signal: AbortSignal): Promise<void> {
    if (changes.some((change) => this.#mayBeUnderWay(change)))
      await this.#options.writersEnded(signal, (who) => {
        this.#awaited = who;
      });
    this.#awaited = undefined;
    if (signal.aborted) return;
    await this.#options.reread(scopesOf(changes), signal);
    if (signal.aborted) return;
    await this.#options.stillMine();
    await this.#adopt(now);
  }

  async #adopt(now: Identity): Promise<void> {
    await this.#options.adopt(now);
    this.#known = now;
    this.#found = undefined;
  }
}
