import type { Side } from '../migration.ts';
import { type Stage, steersAt, type StoredKind } from '../stages.ts';

/** What the control database said last about a context. */
export interface OwnerView {
  readonly dataKind: StoredKind;
  readonly stage: Stage;
  readonly owner: Side;
  readonly epoch: bigint;
  /** False: nobody ever told; the monolith owns by default. */
  readonly known: boolean;
}

/** `undefined`: the flag does not exist, or no state of Unleash was ever seen. */
export interface FlagView {
  readonly kill: boolean | undefined;
  readonly route: boolean | undefined;
}

/** What is known about the side that does not own the data, for this reader. */
export type Freshness = 'fresh' | 'pinned' | 'unknown';

export type Reason =
  | 'owner'
  | 'flag'
  | 'kill'
  | 'stage'
  | 'pin'
  | 'pin-unknown'
  | 'flag-unknown'
  | 'breaker-open'
  | 'ceiling'
  | 'tester'
  | 'unclaimed';
export interface Decision {
  readonly target: Side;
  readonly reason: Reason;
}

export interface DecisionInput {
  readonly kind: 'read' | 'write';
  readonly view: OwnerView;
  readonly flags: FlagView;
  readonly freshness: Freshness;
  /** Sides whose breaker is open. */
  readonly unavailable: ReadonlySet<Side>;
  /** The side that this reader wants, as somebody signed; it stands for the route's flag, and for nothing else. */
  readonly tester?: Side | undefined;
}

/** The side that must have the answer when the wanted one cannot give it. */
export const homeOf = (view: OwnerView): Side =>
  view.dataKind === 'replicated' || view.stage === 'retired' ? view.owner : 'monolith';

const flagsSteer = (view: OwnerView): boolean =>
  view.dataKind !== 'replicated' || steersAt(view.stage);

/**
 * Which side answers, and why. Writes of a replicated context follow the owner and nothing else (P2); reads follow their flag
 * where the stage allows it and the other side has this reader's writes (P5).
 */
export function decide(input: DecisionInput): Decision {
  const { kind, view, flags, freshness, unavailable } = input;
  const home = homeOf(view);
  if (view.dataKind === 'replicated' && kind === 'write')
    return { target: view.owner, reason: 'owner' };
  if (view.stage === 'retired') return { target: home, reason: 'owner' };
  if (flags.kill === true) return { target: home, reason: 'kill' };
  if (!flagsSteer(view)) return { target: home, reason: 'stage' };
  const wanted = kind === 'read' ? input.tester : undefined;
  if (wanted === undefined && flags.route === undefined)
    return { target: view.owner, reason: 'flag-unknown' };
  const target: Side = wanted ?? (flags.route === true ? 'service' : 'monolith');
  const reason = wanted === undefined ? 'flag' : 'tester';
  if (target === home) return { target, reason };
  if (unavailable.has(target)) return { target: home, reason: 'breaker-open' };
  if (view.dataKind === 'replicated' && freshness !== 'fresh')
    return { target: home, reason: freshness === 'pinned' ? 'pin' : 'pin-unknown' };
  return { target, reason };
}
