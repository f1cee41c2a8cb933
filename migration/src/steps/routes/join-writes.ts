import { numberStatements } from '@strangler-toolkit/plan';
import type { WriteWindows } from '../../control/index.ts';
import type { StrayMoment } from '../../replica/stray-writes.ts';
import { AskedPath, pathsOf } from './asked-paths.ts';
import { hasShape, namedRoute, routeShape } from './route-shape.ts';
import { type ForgottenRoute, Tally } from './write-tally.ts';

export interface JoinedWrites {
  /** The surest first. */
  readonly routes: readonly ForgottenRoute[];
  /** Writes of the context's own routes. */
  readonly claimed: number;
  /** Writes while no facade had a write under way: a job, a console, a read that writes. */
  readonly past: readonly { readonly application: string; readonly writes: number }[];
  /** Writes of before the facades' record. */
  readonly beforeRecord: number;
}

export interface JoinInput {
  readonly context: string;
  /** Of the context's routes. */
  readonly ownPaths: readonly string[];
  /** On the control database's clock. */
  readonly writes: readonly StrayMoment[];
  readonly windows: readonly WriteWindows[];
}

/** Requests that named themselves in what they wrote, or that were under way meanwhile. */
interface Suspects {
  readonly paths: readonly AskedPath[];
  readonly named: boolean;
  /** No other request can have been it. */
  readonly alone: boolean;
}

function suspects(
  asked: AskedPath[],
  { context, ownPaths }: JoinInput,
  write: StrayMoment,
): Suspects {
  const { at, trace } = write;
  const underWay = asked.filter((path) => path.underWayAt(at));
  const named = (paths: readonly AskedPath[]): Suspects => ({
    paths,
    named: true,
    alone: paths.length === 1,
  });
  const traced = trace === null ? [] : asked.filter((path) => path.traces.has(trace));
  if (traced.length > 0) {
    const then = traced.filter((path) => underWay.includes(path));
    return named(then.length > 0 ? then : traced);
  }
  const route = namedRoute(write);
  if (route !== undefined) {
    const shape = routeShape(route);
    const then = underWay.filter((path) => path.shape === shape);
    if (then.length > 0) return named(then);
    // No facade had a write of it under way: a read that writes, or a request past the facade.
    const unseen = asked.find((path) => path.method === null && path.shape === shape);
    if (unseen) return named([unseen]);
    const path = new AskedPath({
      method: null,
      path: shape.replaceAll(/\/:(?=\/|$)/g, '/:id'),
      context: hasShape(ownPaths, shape) ? context : '',
    });
    asked.push(path);
    return named([path]);
  }
  const others = asked.filter((path) => !underWay.includes(path) && path.mayBeUnderWayAt(at));
  return { paths: underWay, named: false, alone: underWay.length === 1 && others.length === 0 };
}

/** Whose request each write was: by its trace, by the route that it names, else by the time at which it happened. */
export function joinWrites(input: JoinInput): JoinedWrites {
  const { context, writes, windows } = input;
  const asked = pathsOf(windows, numberStatements.writeWindowsOfPath);
  const since = windows.reduce((least, { started }) => Math.min(least, started), Infinity);
  const until = [...windows.map(({ ended }) => ended), ...writes.map(({ at }) => at)];
  const record = { from: since, to: until.reduce((most, at) => Math.max(most, at), -Infinity) };
  const tallies = new Map<AskedPath, Tally>();
  const past = new Map<string, StrayMoment[]>();
  let claimed = 0;
  let beforeRecord = 0;
  for (const write of writes) {
    const { paths, named, alone } = suspects(asked, input, write);
    const others = paths.filter((path) => path.context !== context);
    if (paths.length > 0 && others.length === 0) claimed += 1;
    else if (paths.length === 0 && write.at < since) beforeRecord += 1;
    else if (paths.length === 0) past.set(write.writer, [...(past.get(write.writer) ?? []), write]);
    for (const path of others) {
      const tally = tallies.get(path) ?? new Tally(path);
      tallies.set(path, tally);
      tally.add(write, { certain: named && alone, alone });
    }
  }
  const timed = Map.groupBy(writes, ({ writer }) => writer);
  return {
    routes: [...tallies.values()]
      .map((tally) => tally.told(record, { past, timed }))
      .toSorted(surestFirst),
    claimed,
    past: byApplication([...past.values()].flat()),
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
