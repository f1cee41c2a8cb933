/** What the monolith was asked for and may write, from its arrival to the end of its answer. */
export interface AskedWrite {
  readonly method: string;
  /** Without identifiers. */
  readonly path: string;
  /** Whose route it is; both are '' where no context claims it. */
  readonly context: string;
  readonly route: string;
  /** On the control database's clock, milliseconds. */
  readonly started: number;
  readonly ended: number;
  readonly traceId: string;
}

/** Requests of one method and path that followed each other closely or overlapped. */
export interface WriteWindow extends Pick<AskedWrite, 'method' | 'path' | 'context' | 'route'> {
  readonly started: number;
  ended: number;
  requests: number;
  /** Last halves of their trace ids, which are the random ones. */
  readonly traces: string[];
}

/** Shorter pauses between writes do not count: clocks of several hosts agree no better. */
const writesApart = 10;
/** Reads are many: of those that are asked for all the time, time tells nothing anyway. */
export const readsApart = 1_000;
const requestsOfWindow = 100;
const compactedAt = 1_000;
const windowLimit = 5_000;

const keyOf = ({ method, path, context, route }: AskedWrite): string =>
  `${method} ${path} ${context} ${route}`;

/** What covers the same time with fewer windows: as many as there are pauses, not requests. */
export function windowsOf(
  asked: readonly AskedWrite[],
  closely: number = writesApart,
): WriteWindow[] {
  const windows: WriteWindow[] = [];
  const last = new Map<string, WriteWindow>();
  for (const one of asked.toSorted((a, b) => a.started - b.started)) {
    const key = keyOf(one);
    const trace = one.traceId.slice(16);
    const open = last.get(key);
    if (open && one.started <= open.ended + closely && open.requests < requestsOfWindow) {
      open.ended = Math.max(open.ended, one.ended);
      open.requests += 1;
      open.traces.push(trace);
      continue;
    }
    const { method, path, context, route, started, ended } = one;
    const opened = { method, path, context, route, started, ended, requests: 1, traces: [trace] };
    windows.push(opened);
    last.set(key, opened);
  }
  return windows;
}

/**
 * When the monolith was asked for what may write, on its way to the control database: one entry of a list for each of them,
 * bounded, and kept while the control database is down.
 */
export class WriteWindows {
  readonly #onDrop: (count: number) => void;
  readonly #closely: number;
  #asked: AskedWrite[] = [];
  #windows: WriteWindow[] = [];

  /** `closely`: milliseconds between two of a path that are one window. */
  constructor(onDrop: (count: number) => void, closely: number = writesApart) {
    this.#onDrop = onDrop;
    this.#closely = closely;
  }

  get size(): number {
    return this.#asked.length + this.#windows.length;
  }

  add(asked: AskedWrite): void {
    if (this.#asked.push(asked) >= compactedAt) this.#compact();
  }

  /** @throws what `send` throws, with nothing lost but what is too much */
  async flush(send: (windows: readonly WriteWindow[]) => Promise<void>): Promise<void> {
    this.#compact();
    if (this.#windows.length === 0) return;
    const sending = this.#windows;
    this.#windows = [];
    try {
      await send(sending);
    } catch (error) {
      this.#windows.unshift(...sending);
      this.#bound();
      throw error;
    }
  }

  #compact(): void {
    this.#windows.push(...windowsOf(this.#asked, this.#closely));
    this.#asked = [];
    this.#bound();
  }

  #bound(): void {
    const tooMany = this.#windows.length - windowLimit;
    if (tooMany <= 0) return;
    this.#windows.splice(0, tooMany);
    this.#onDrop(tooMany);
  }
}
