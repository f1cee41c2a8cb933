import { numberStatements } from '@strangler-toolkit/plan';
import type { StrayMoment } from '../../replica/stray-writes.ts';
import { AskedPath, type AskedWindows, pathsOf } from './asked-paths.ts';
import { hasShape, namedRoute, routeShape } from './route-shape.ts';
import { type Against, type ForgottenRoute, Tally } from './write-tally.ts';

export interface JoinedWrites {
  /** The surest first. */
  readonly routes: readonly ForgottenRoute[];
  /** Writes of the context's own write routes. */
  readonly claimed: number;
  /** Writes while no facade had a request under way that can have been it: a job, a console, a read of which that cannot be told. */
  readonly past: readonly { readonly application: string; readonly writes: number }[];
  /** Writes of before the facades' record. */
  readonly beforeRecord: number;
}

export interface JoinInput {
  readonly context: string;
  /** Paths of the context's routes. */
  readonly own: { readonly writes: readonly string[]; readonly reads: readonly string[] };
  /** On the control database's clock. */
  readonly writes: readonly StrayMoment[];
  readonly windows: readonly AskedWindows[];
}

/** Requests that named themselves in what they wrote, or that were under way meanwhile. */
interface Suspects {
  readonly paths: readonly AskedPath[];
  readonly named: boolean;
  /** No other request can have been it. */
  readonly alone: boolean;
}

/** In so many requests must a read have been alone with a statement: of many reads, some are under way by chance. */
const timesOfRead = 3;
/** Of a statement's writes: a facade may have been killed, or hear late of the audit. */
const mayBeMissed = 0.1;

/** Paths that were under way, and whether nothing else can have been. */
function underWayAt(asked: readonly AskedPath[], at: number): Omit<Suspects, 'named'> {
  const paths = asked.filter((path) => path.underWayAt(at));
  const others = asked.filter((path) => !paths.includes(path) && path.mayBeUnderWayAt(at));
  return { paths, alone: paths.length === 1 && others.length === 0 };
}

function suspects(asked: AskedPath[], { context, own }: JoinInput, write: StrayMoment): Suspects {
  const { at, trace } = write;
  const [reading, writing] = [
    asked.filter(({ reads }) => reads),
    asked.filter(({ reads }) => !reads),
  ];
  const then = underWayAt(writing, at);
  const named = (paths: readonly AskedPath[]): Suspects => ({
    paths,
    named: true,
    alone: paths.length === 1,
  });
  const ofTrace = trace === null ? [] : asked.filter((path) => path.traces.has(trace));
  const tracedWrites = ofTrace.filter(({ reads }) => !reads);
  // a page's trace is that of all that it asks for: a write that shows it takes the blame
  const traced = tracedWrites.length > 0 ? tracedWrites : ofTrace;
  if (traced.length > 0) {
    const meanwhile = traced.filter((path) => path.underWayAt(at));
    return named(meanwhile.length > 0 ? meanwhile : traced);
  }
  const route = namedRoute(write);
  if (route === undefined) return { ...then, named: false };
  const shape = routeShape(route);
  // a name says nothing of the method: where the context writes at this path as well, no read of it is blamed
  const ownWrite = hasShape(own.writes, shape);
  for (const paths of [then.paths, ownWrite ? [] : underWayAt(reading, at).paths]) {
    const alike = paths.filter((path) => path.shape === shape);
    if (alike.length > 0) return named(alike);
  }
  // No facade had one of it under way: a request past the facade, or a read before the facades heard of the audit.
  const unseen = asked.find((path) => path.method === null && path.shape === shape);
  if (unseen) return named([unseen]);
  const ownRead = !ownWrite && hasShape(own.reads, shape);
  const path = new AskedPath({
    method: null,
    path: shape.replaceAll(/\/:(?=\/|$)/g, '/:id'),
    context: ownWrite || ownRead ? context : '',
    reads: ownRead,
  });
  asked.push(path);
  return named([path]);
}

type ByWriter = ReadonlyMap<string, readonly StrayMoment[]>;

/** How reads are judged: facades tell of them while an audit fence stands, and somewhat later than it was set. */
function againstReads(
  writes: readonly StrayMoment[],
  reading: readonly AskedPath[],
  to: number,
): Against {
  const from = reading.reduce((least, path) => Math.min(least, path.since), Infinity);
  const timed = Map.groupBy(
    writes.filter(({ at }) => at >= from),
    ({ writer }) => writer,
  );
  return {
    record: { from, to },
    timed,
    times: timesOfRead,
    seenWithout: (writer, path) => {
      const all = timed.get(writer) ?? [];
      return all.filter(({ at }) => !path.mayBeUnderWayAt(at)).length > all.length * mayBeMissed;
    },
  };
}

/** Whose request each write was: by its trace, by the route that it names, else by the time at which it happened. */
export function joinWrites(input: JoinInput): JoinedWrites {
  const { context, writes, windows } = input;
  const asked = pathsOf(windows, numberStatements.writeWindowsOfPath);
  const reading = asked.filter(({ reads }) => reads);
  const since = windows.reduce((least, { started }) => Math.min(least, started), Infinity);
  const until = [...windows.map(({ ended }) => ended), ...writes.map(({ at }) => at)];
  const record = { from: since, to: until.reduce((most, at) => Math.max(most, at), -Infinity) };
  const tallies = new Map<AskedPath, Tally>();
  const tallyOf = (path: AskedPath): Tally => {
    const tally = tallies.get(path) ?? new Tally(path);
    tallies.set(path, tally);
    return tally;
  };
  const past: StrayMoment[] = [];
  let claimed = 0;
  let beforeRecord = 0;
  for (const write of writes) {
    const { paths, named, alone } = suspects(asked, input, write);
    const others = paths.filter((path) => path.context !== context || path.reads);
    for (const path of others) tallyOf(path).add(write, { certain: named && alone, alone });
    if (others.length > 0) continue;
    if (paths.length > 0) claimed += 1;
    else if (write.at < since) beforeRecord += 1;
    else {
      past.push(write);
      const reads = underWayAt(reading, write.at);
      for (const path of reads.paths)
        tallyOf(path).add(write, { certain: false, alone: reads.alone });
    }
  }
  const pastOf: ByWriter = Map.groupBy(past, ({ writer }) => writer);
  const ofWrites: Against = {
    record,
    timed: Map.groupBy(writes, ({ writer }) => writer),
    times: 1,
    seenWithout: (writer) => pastOf.has(writer),
  };
  const ofReads = againstReads(writes, reading, record.to);
  const told = [...tallies].map(
    ([path, tally]) => [path, tally.told(path.reads ? ofReads : ofWrites)] as const,
  );
  const found = told.filter(([{ reads }, { verdict }]) => !reads || verdict !== 'possible');
  const ofFoundRead = ({ writer, at }: StrayMoment): boolean =>
    found.some(([path]) => path.reads && path.underWayAt(at) && !ofReads.seenWithout(writer, path));
  return {
    routes: found.map(([, route]) => route).toSorted(surestFirst),
    claimed,
    past: byApplication(past.filter((write) => !ofFoundRead(write))),
    beforeRecord,
  };
}

const byApplication = (writes: readonly StrayMoment[]): JoinedWrites['past'] =>
  [...Map.groupBy(writes, ({ application }) => application)]
    .map(([application, all]) => ({ application, writes: all.length }))
    .toSorted((a, b) => b.writes - a.writes);

const order = { certain: 0, likely: 1, possible: 2 };
const surestFirst = (a: ForgottenRoute, b: ForgottenRoute): number =>
  order[a.verdict] - order[b.verdict] ||
  b.certain + b.possible - (a.certain + a.possible) ||
  (a.path < b.path ? -1 : 1);
