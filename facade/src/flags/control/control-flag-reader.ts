import { join } from 'node:path';
import { codeOf, type ControlFlag, readFlagsSoonText } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { z } from 'zod';
import { DurableFile } from '../../resilience/durable-file.ts';
import type { FlagReader, FlagStatus } from '../flag-reader.ts';

export interface ControlFlagReaderOptions {
  readonly name: string;
  readonly stateDir: string;
  /** Milliseconds after which what was read last is old. */
  readonly staleMs: number;
  readonly onProblem: (message: string) => void;
}

const saved = z.record(z.string(), z.boolean());

const refusals: Readonly<Record<string, string>> = {
  '42P01':
    'the control schema is that of an older release and has no flags: strangler control migrate',
  '42501': 'the role of the control database may not read its flags',
  '55P03': 'somebody locks the flags of the control database',
};
/** Of the connection: whoever owns it makes another. */
const isLost = (code: string): boolean => /^(?:08|57P)/.test(code);
/** A refusal of the server, of whatever kind, must not keep a facade from hearing who owns what. */
const refusalOf = (error: unknown): string | undefined => {
  const code = codeOf(error);
  const byServer = error instanceof Error && 'severity' in error;
  if (!byServer || isLost(code)) return undefined;
  return refusals[code] ?? `the control database's flags cannot be read: ${String(error)}`;
};

/** Beside the flags, so that a release which knows no names can read the file that this one left. */
const namedKey = (name: string, identity: string): string => `${name} ${identity}`;
const entriesOf = ({ name, enabled, identities }: ControlFlag): [string, boolean][] => [
  [name, enabled],
  ...(identities ?? []).map((identity): [string, boolean] => [namedKey(name, identity), true]),
];

const textOf = (flags: ReadonlyMap<string, boolean>): string =>
  JSON.stringify([...flags].toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Flags of the control database, for everybody or for nobody, where no flag provider is set. Whoever looks at the owners looks
 * at the flags on the same connection; requests are answered from memory.
 */
export class ControlFlagReader implements FlagReader {
  readonly #options: ControlFlagReaderOptions;
  readonly #file: DurableFile<Record<string, boolean>>;
  /** Of flags, and of identities that have one by name. */
  #flags: ReadonlyMap<string, boolean> | undefined;
  #stored = '';
  #unsaved = false;
  #readAt: number | undefined;
  #lastError: string | null = null;
  #stopped = false;

  constructor(options: ControlFlagReaderOptions) {
    this.#options = options;
    this.#file = new DurableFile(join(options.stateDir, `control-flags-${options.name}.json`));
  }

  /** What was known before the process started. */
  async restore(): Promise<void> {
    const known = await this.#file.read((value) => saved.parse(value));
    if (known) this.#flags ??= new Map(Object.entries(known));
  }

  /**
   * Returns what takes over flags that are others than before, undefined where they are not: whoever asked must be sure first that
   * the database did not fall back between its owners and its flags.
   */
  async look(client: Pick<pg.Client, 'query'>): Promise<(() => void) | undefined> {
    try {
      const results: unknown = await client.query(readFlagsSoonText);
      const { rows } = (results as readonly pg.QueryResult<ControlFlag>[])[1] ?? { rows: [] };
      const flags = new Map(rows.flatMap(entriesOf));
      const heard = (): void => {
        this.#flags = flags;
        this.#readAt = performance.now();
        this.#lastError = null;
        this.#store(flags);
      };
      if (textOf(flags) !== this.#stored) return heard;
      heard();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      this.#problem(refusal);
    }
    return undefined;
  }

  isEnabled(name: string, identity?: string): boolean | undefined {
    const enabled = this.#flags?.get(name);
    if (enabled !== false || identity === undefined) return enabled;
    return this.#flags?.has(namedKey(name, identity)) ?? false;
  }

  shareOf(): undefined {
    return undefined;
  }

  status(): FlagStatus {
    const ageSeconds =
      this.#readAt === undefined ? null : (performance.now() - this.#readAt) / 1_000;
    const fresh = ageSeconds !== null && ageSeconds * 1_000 < this.#options.staleMs;
    const state = fresh && this.#lastError === null ? 'synced' : this.#flags ? 'stale' : 'none';
    return { source: 'control', state, ageSeconds, rejected: false, lastError: this.#lastError };
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#file.settled();
  }

  #store(flags: ReadonlyMap<string, boolean>): void {
    const text = textOf(flags);
    if (text === this.#stored || this.#stopped) return;
    this.#stored = text;
    this.#file.write(Object.fromEntries(flags)).then(
      () => (this.#unsaved = false),
      (error: unknown) => {
        // a kill switch that is not on disk is forgotten by a restart: tried again with the next look
        if (this.#stored === text) this.#stored = '';
        if (!this.#unsaved)
          this.#options.onProblem(`flags cannot be stored in ${this.#file.path}: ${String(error)}`);
        this.#unsaved = true;
      },
    );
  }

  #problem(text: string): void {
    if (text !== this.#lastError) this.#options.onProblem(text);
    this.#lastError = text;
  }
}
