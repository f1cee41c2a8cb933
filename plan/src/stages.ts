import type { DataKind, Side } from './migration.ts';

/** Where a context stands. The owner belongs to the stage, so that no state says otherwise. */
export type StageState =
  | { readonly stage: 'monolith'; readonly owner: 'monolith' }
  | { readonly stage: 'replicating'; readonly owner: 'monolith' }
  | { readonly stage: 'shadowing'; readonly owner: 'monolith' }
  | { readonly stage: 'canary'; readonly owner: 'monolith' }
  | { readonly stage: 'service'; readonly owner: 'service' }
  | { readonly stage: 'retired'; readonly owner: 'service' };
export type Stage = StageState['stage'];

export const stages = [
  'monolith',
  'replicating',
  'shadowing',
  'canary',
  'service',
  'retired',
] as const satisfies readonly Stage[];

/** While changes stream from the owner to the other side, for a context with data of its own. */
export const streamsAt = (stage: Stage): boolean => stage !== 'monolith' && stage !== 'retired';
/** While reads may be mirrored. */
export const mirrorsAt = (stage: Stage): boolean => streamsAt(stage) && stage !== 'replicating';
/** While flags say which side answers reads. */
export const steersAt = (stage: Stage): boolean => stage === 'canary' || stage === 'service';
/** `canary` is what the first `strangler ramp` does; the others are named after their commands. */
export const moves = ['replicate', 'shadow', 'canary', 'cutover', 'rollback', 'retire'] as const;
export type Move = (typeof moves)[number];

/** A ramp goes on for days inside its stage: a move that leads where the context is, and whose gates are asked again. */
export const isWithin = (move: Move, stage: Stage): boolean =>
  move === 'canary' && stage === 'canary';

const owners: { readonly [S in Stage]: Extract<StageState, { stage: S }>['owner'] } = {
  monolith: 'monolith',
  replicating: 'monolith',
  shadowing: 'monolith',
  canary: 'monolith',
  service: 'service',
  retired: 'service',
};
export const ownerOf = (stage: Stage): Side => owners[stage];

/** Rows that go one way, for good: whoever owns them, this context never does. */
export type OneWayKind = Extract<DataKind, 'reference' | 'projection'>;
export const isOneWay = (data: DataKind): data is OneWayKind =>
  data === 'reference' || data === 'projection';
export type StoredKind = Exclude<DataKind, OneWayKind>;
/** Whether rows are copied into a database of the service's own, and kept alike there. */
export const replicates = (data: DataKind): boolean => data === 'replicated' || isOneWay(data);
/** What a context's row in the control database says: one way is a replicated context that the monolith goes on owning. */
export const storedKind = (data: DataKind): StoredKind => (isOneWay(data) ? 'replicated' : data);

/** Where each possible move leads. */
type Ways = Partial<Record<Move, Stage>>;
const replicatedMoves: Record<Stage, Ways> = {
  monolith: { replicate: 'replicating' },
  replicating: { shadow: 'shadowing', rollback: 'monolith' },
  shadowing: { canary: 'canary', rollback: 'replicating' },
  canary: { cutover: 'service', rollback: 'shadowing' },
  service: { rollback: 'canary', retire: 'retired' },
  retired: {},
};
/** It stays where it is; one whose file said otherwise for a while comes back. */
const referenceMoves: Record<Stage, Ways> = {
  monolith: { replicate: 'replicating' },
  replicating: { rollback: 'monolith' },
  shadowing: { rollback: 'replicating' },
  canary: { rollback: 'shadowing' },
  service: {},
  retired: {},
};
/** As far as flags lead: shares of its reads, and never its rows. */
const projectionMoves: Record<Stage, Ways> = {
  monolith: { replicate: 'replicating' },
  replicating: { shadow: 'shadowing', rollback: 'monolith' },
  shadowing: { canary: 'canary', rollback: 'replicating' },
  canary: { rollback: 'shadowing' },
  service: {},
  retired: {},
};
const flagMoves: Record<Stage, Ways> = {
  monolith: { shadow: 'shadowing' },
  replicating: {},
  shadowing: { canary: 'canary', rollback: 'monolith' },
  canary: { cutover: 'service', rollback: 'shadowing' },
  service: { rollback: 'canary', retire: 'retired' },
  retired: {},
};

/** What rows that go one way are never asked for, and what to do instead. */
const neverOf: Readonly<
  Record<OneWayKind, { readonly moves: readonly Move[]; readonly reason: string }>
> = {
  reference: {
    moves: ['shadow', 'canary', 'cutover', 'retire'],
    reason:
      'the monolith goes on owning its tables, and the contexts that ' +
      "name it in reads are what moves; to extract the tables themselves, give the file data 'replicated' and routes",
  },
  projection: {
    moves: ['cutover', 'retire'],
    reason:
      'it is a read model and never owns what it shows; strangler ramp gives the service its reads, up to 100 %, and the ' +
      "contexts whose tables it takes are what moves; to extract tables, give a context of theirs data 'replicated'",
  },
};

export type MoveDecision =
  | { readonly allowed: true; readonly to: Stage }
  | { readonly allowed: false; readonly reason: string };

const commandOf: Record<Move, string> = {
  replicate: 'replicate',
  shadow: 'shadow',
  canary: 'ramp',
  cutover: 'cutover',
  rollback: 'rollback',
  retire: 'retire',
};

const waysOf: Readonly<Record<DataKind, Readonly<Record<Stage, Ways>>>> = {
  none: flagMoves,
  shared: flagMoves,
  replicated: replicatedMoves,
  reference: referenceMoves,
  projection: projectionMoves,
};
/** The moves that lead on or back from a stage, with where they lead. */
export const movesFrom = (stage: Stage, data: DataKind): Readonly<Ways> => waysOf[data][stage];

export function moveAllowed(stage: Stage, data: DataKind, move: Move): MoveDecision {
  const possible = movesFrom(stage, data);
  const to = possible[move];
  if (to !== undefined) return { allowed: true, to };
  if (isOneWay(data) && neverOf[data].moves.includes(move))
    return {
      allowed: false,
      reason: `${commandOf[move]} is not for data '${data}': ${neverOf[data].reason}`,
    };
  if (move === 'replicate' && !replicates(data))
    return { allowed: false, reason: `a context with data '${data}' has nothing to replicate` };
  const names = moves.filter((name) => possible[name] !== undefined).map((name) => commandOf[name]);
  return {
    allowed: false,
    reason: `${commandOf[move]} is not possible at stage ${stage}; possible: ${names.join(', ') || 'nothing, the move is over'}`,
  };
}

/** The move that leads on from here; none when the context has arrived. */
export function nextMove(stage: Stage, data: DataKind): Move | undefined {
  return moves.find((move) => move !== 'rollback' && movesFrom(stage, data)[move] !== undefined);
}

/** What to type to go on. */
export function nextCommand(context: string, stage: Stage, data: DataKind): string | undefined {
  const move = nextMove(stage, data);
  return move === undefined ? undefined : `strangler ${commandOf[move]} ${context}`;
}
