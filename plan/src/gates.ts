import {
  databases,
  decisions,
  deadLetters,
  initialCopy,
  lag,
  mapping,
  noStrays,
  ownedFor,
  publicationAndSlot,
  replicaIdentity,
  verified,
  wayBack,
  writeRoutes,
} from './data-gates.ts';
import type { GateFacts } from './gate-facts.ts';
import type { Gate, GateResult } from './gate-result.ts';
import type { DataKind, GateSettings } from './migration.ts';
import { carriers, readers, references } from './reference-gates.ts';
import { isWithin, type Move, replicates, type Stage } from './stages.ts';
import {
  canIDeploy,
  contextFiles,
  facades,
  mismatches,
  noReads,
  pacts,
  shadowReads,
} from './traffic-gates.ts';

/** The gates of a move, in the order in which they are shown. */
export function gatesOf(move: Move, data: DataKind, stage: Stage): readonly Gate[] {
  const replicated = data === 'replicated';
  switch (move) {
    case 'replicate':
      return replicates(data) ? [databases, replicaIdentity, mapping, publicationAndSlot] : [];
    case 'shadow':
      return replicates(data) ? [initialCopy, lag, verified(false)] : [];
    case 'canary':
      // A higher share: what runs may be another build by now, and shadow reads were counted before clients came.
      return isWithin(move, stage)
        ? [pacts, contextFiles]
        : [pacts, shadowReads, mismatches, contextFiles];
    case 'cutover':
      return replicated
        ? [
            lag,
            verified(true),
            deadLetters,
            // Asked again: what runs now may be another build than the one that went to the canary.
            pacts,
            decisions,
            writeRoutes,
            facades,
            contextFiles,
            wayBack,
          ]
        : [pacts, shadowReads, mismatches, contextFiles];
    // Going back must stay easy; only what would lose a write stands in the way.
    case 'rollback':
      if (data === 'reference') return [readers];
      return replicated && stage === 'service' ? [lag, deadLetters, facades] : [];
    case 'retire':
      return replicated
        ? [ownedFor, noReads, noStrays, contextFiles]
        : [ownedFor, noReads, contextFiles];
    default:
      return move satisfies never;
  }
}

export const evaluateGates = (
  move: Move,
  facts: GateFacts,
  settings: Required<GateSettings>,
): GateResult[] =>
  [
    ...gatesOf(move, facts.data, facts.stage),
    ...(asksReferences(move, facts) ? [references] : []),
    ...(move === 'retire' && facts.readers?.length ? [carriers] : []),
    ...(facts.broker === undefined ? [] : [canIDeploy]),
  ].map((gate) => gate(facts, settings));

/** On the way forward: going back must stay easy, and what is retired was read for long. */
const asksReferences = (move: Move, { reads = [] }: GateFacts): boolean =>
  reads.length > 0 && (move === 'shadow' || move === 'canary' || move === 'cutover');

export const gatesPass = (results: readonly GateResult[]): boolean =>
  results.every((gate) => gate.ok);

/** What to type now: what brings the first thing that is missing, else the move itself; nothing when there is neither. */
export const commandToGoOn = (
  results: readonly GateResult[],
  move: string | undefined,
): string | undefined => results.find((gate) => !gate.ok)?.command ?? move;
