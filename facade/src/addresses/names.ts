import { isIP } from 'node:net';
import type { Found } from './look-up.ts';
import type { Target } from './targets.ts';

export interface NameTold {
  readonly name: string;
  readonly addresses: readonly string[];
  /** Why its addresses are not known anew; those before stay. */
  readonly problem?: string;
  /** Since they were. */
  readonly ageSeconds: number | null;
}

interface Known {
  targets: readonly Target[];
  /** On the monotonic clock. */
  at: number | undefined;
  askedAt: number;
  problem: string | undefined;
  timer: NodeJS.Timeout | undefined;
  asking: boolean;
}

export interface NamesOptions {
  readonly lookUp: (name: string) => Promise<Found>;
  readonly close: () => void;
  /** The longest time between two looks; 0: nobody looks, and every connection asks the system. */
  readonly everyMs: number;
  readonly onChange: (name: string, addresses: readonly string[]) => void;
  /** Told once for each thing that is wrong; undefined: it is well again. */
  readonly onProblem: (name: string, problem: string | undefined) => void;
}

/** Answers that hold shorter than this, and failing connections, do not make it look more often. */
const betweenLooksMs = 1_000;
/** Where nobody answered. */
const againMs = 5_000;

const addressesOf = (targets: readonly Target[]): string[] =>
  targets.map(({ addresses: [address = ''], port }) =>
    port === undefined ? address : `${isIP(address) === 6 ? `[${address}]` : address}:${port}`,
  );
const textOf = (targets: readonly Target[]): string =>
  JSON.stringify(targets.map((target) => JSON.stringify(target)).toSorted());
const reasonOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : String(error);

/**
 * The addresses behind the names of upstreams, looked up again when they expire and when a connection fails. What cannot be
 * looked up stays as it was: no answer, and no address any more, are told and change nothing.
 */
export class Names {
  readonly #options: NamesOptions;
  readonly #known = new Map<string, Known>();
  /** One after the other: a resolver that does not answer must not take all of the system's threads. */
  #turn: Promise<void> = Promise.resolve();
  #started = false;
  #stopped = false;

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** These and no others. */
  want(hosts: Iterable<string>): void {
    const wanted = new Set(this.#options.everyMs === 0 ? [] : hosts);
    for (const [name, { timer }] of this.#known) {
      if (wanted.has(name)) continue;
      clearTimeout(timer);
      this.#known.delete(name);
    }
    for (const name of wanted) {
      if (isIP(name) !== 0 || this.#known.has(name)) continue;
      const fresh = { targets: [], at: undefined, askedAt: -Infinity, problem: undefined };
      this.#known.set(name, { ...fresh, timer: undefined, asking: false });
      if (this.#started) void this.#look(name);
    }
  }

  /** Resolves when all were looked up once, or in time. */
  async start(withinMs: number): Promise<void> {
    this.#started = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([
      Promise.all([...this.#known.keys()].map((name) => this.#look(name))),
      late,
    ]);
    clearTimeout(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#known.values()) clearTimeout(timer);
    this.#options.close();
  }

  /** None: not known. */
  of(name: string): readonly Target[] {
    return this.#known.get(name)?.targets ?? [];
  }

  /** A connection to it failed: its addresses may be others by now. */
  suspect(name: string): void {
    const known = this.#known.get(name);
    if (!known || known.asking || !this.#started) return;
    this.#lookIn(name, known, known.askedAt + betweenLooksMs - performance.now());
  }

  get told(): NameTold[] {
    return [...this.#known].map(([name, { targets, at, problem }]) => ({
      name,
      addresses: addressesOf(targets),
      ageSeconds: at === undefined ? null : Math.round((performance.now() - at) / 1_000),
      ...(problem !== undefined && { problem }),
    }));
  }

  /** Undefined: all can be looked up. */
  get unknown(): Record<string, string> | undefined {
    const all = this.told.flatMap(({ name, problem }) => (problem ? [[name, problem]] : []));
    return all.length === 0 ? undefined : (Object.fromEntries(all) as Record<string, string>);
  }

  #lookIn(name: string, known: Known, ms: number): void {
    clearTimeout(known.timer);
    if (!this.#stopped)
      known.timer = setTimeout(() => void this.#look(name), Math.max(ms, 0)).unref();
  }

  #look(name: string): Promise<void> {
    const known = this.#known.get(name);
    if (!known || known.asking || this.#stopped) return Promise.resolve();
    known.asking = true;
    const look = async (): Promise<void> => {
      known.askedAt = performance.now();
      const ms = await this.#ask(name, known);
      known.asking = false;
      if (this.#known.get(name) === known) this.#lookIn(name, known, ms);
    };
    this.#turn = this.#turn.then(look);
    return this.#turn;
  }

  /** Milliseconds until the next look. */
  async #ask(name: string, known: Known): Promise<number> {
    const { lookUp, everyMs, onChange } = this.#options;
    try {
      const { targets, ttl } = await lookUp(name);
      if (targets.length === 0) throw new Error('there is no address');
      this.#tell(name, known, undefined);
      known.at = performance.now();
      const changed = textOf(targets) !== textOf(known.targets);
      known.targets = targets;
      if (changed && !this.#stopped) onChange(name, addressesOf(targets));
      return Math.min(Math.max((ttl ?? Infinity) * 1_000, betweenLooksMs), everyMs);
    } catch (error) {
      this.#tell(name, known, reasonOf(error));
      return Math.min(againMs, everyMs);
    }
  }

  #tell(name: string, known: Known, problem: string | undefined): void {
    if (known.problem === problem) return;
    known.problem = problem;
    if (!this.#stopped) this.#options.onProblem(name, problem);
  }
}
