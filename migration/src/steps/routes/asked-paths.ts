import type { WriteWindows } from '../../control/index.ts';
import { routeShape } from './route-shape.ts';

/** So far may the clocks of a facade and of the databases be apart after all, milliseconds. */
const slack = 25;

export interface AskedWindows extends Omit<WriteWindows, 'route'> {
  /** By its method, or by the context that claims it: facades tell of such while an audit fence stands. */
  readonly reads: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** In which time a request was under way: widened by the slack, without overlaps. */
function spansOf(windows: readonly Pick<AskedWindows, 'started' | 'ended'>[]): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (const { started, ended } of windows.toSorted((a, b) => a.started - b.started)) {
    const [from, to] = [started - slack, ended + slack];
    const last = spans.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  return spans;
}

/** A method and path that was asked for and may write, and when. */
export class AskedPath {
  readonly method: string | null;
  readonly path: string;
  /** '': nobody's. */
  readonly context: string;
  readonly shape: string;
  readonly reads: boolean;
  readonly requests: number;
  readonly traces: ReadonlySet<string>;
  readonly #spans: readonly Span[];
  /** Before it the record has no room: nobody knows. */
  readonly #knownSince: number;

  /** `kept`: so many windows of a path are kept. */
  constructor(
    { method, path, context, reads }: Pick<AskedPath, 'method' | 'path' | 'context' | 'reads'>,
    windows: readonly AskedWindows[] = [],
    kept: number = Infinity,
  ) {
    this.method = method;
    this.path = path;
    this.context = context;
    this.shape = routeShape(path);
    this.reads = reads;
    this.requests = windows.reduce((sum, { requests }) => sum + requests, 0);
    this.traces = new Set(windows.flatMap(({ traces }) => traces));
    this.#spans = spansOf(windows);
    this.#knownSince = windows.length < kept ? -Infinity : (this.#spans[0]?.from ?? -Infinity);
  }

  underWayAt(at: number): boolean {
    return this.spanAt(at) !== undefined;
  }

  /** The beginning of the time without a pause in which one was under way. */
  spanAt(at: number): number | undefined {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.to ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    const span = this.#spans[low];
    return span !== undefined && span.from <= at ? span.from : undefined;
  }

  /** The beginning of its record; infinity: there is none. */
  get since(): number {
    return this.#spans[0]?.from ?? Infinity;
  }

  mayBeUnderWayAt(at: number): boolean {
    return at < this.#knownSince || this.underWayAt(at);
  }

  /** The share of the time in which one was under way. */
  shareOf({ from, to }: Span): number {
    const covered = this.#spans.reduce(
      (sum, span) => sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from)),
      0,
    );
    return to > from ? covered / (to - from) : 1;
  }
}

export const pathsOf = (windows: readonly AskedWindows[], kept: number): AskedPath[] =>
  [
    ...Map.groupBy(
      windows,
      ({ method, path, context, reads }) => `${context} ${method} ${path} ${reads}`,
    ).values(),
  ].flatMap((group) => (group[0] ? new AskedPath(group[0], group, kept) : []));
