import type { DataKind, GateSettings } from './migration.ts';
import type { Move, Stage } from './stages.ts';

export type GateName =
  | 'databases'
  | 'replica-identity'
  | 'mapping'
  | 'publication-and-slot'
  | 'initial-copy'
  | 'lag'
  | 'verification'
  | 'dead-letters'
  | 'pacts'
  | 'shadow-reads'
  | 'mismatches'
  | 'facades'
  | 'way-back'
  | 'owned-for'
  | 'reads-on-monolith'
  | 'stray-writes';

export interface GateResult {
  readonly gate: GateName;
  readonly ok: boolean;
  readonly actual: string;
  readonly expected: string;
  readonly remedy: string;
}

/** A check that was made beforehand: true, or what is wrong. */
export type Finding = true | { readonly problem: string; readonly remedy?: string };

export interface ShadowFact {
  readonly route: string;
  readonly compared: number;
  readonly mismatches: number;
}

/** What is known. A fact that is missing could not be found out: its gate refuses, nothing passes unverified. */
export interface GateFacts {
  readonly context: string;
  readonly data: DataKind;
  readonly stage: Stage;
  readonly databases?: Finding;
  readonly replicaIdentity?: Finding;
  readonly mapping?: Finding;
  readonly publicationAndSlot?: Finding;
  readonly copyComplete?: boolean;
  readonly workerAlive?: boolean;
  readonly lagSeconds?: number;
  readonly verification?: { readonly differences: number; readonly ageSeconds: number };
  readonly openDeadLetters?: number;
  readonly pacts?: { readonly monolith: boolean; readonly service: boolean };
  /** One entry per read route of the context. */
  readonly shadow?: readonly ShadowFact[];
  readonly facades?: {
    readonly alive: number;
    readonly stale: readonly string[];
    readonly behind: readonly string[];
    readonly notNeeded?: boolean;
  };
  readonly wayBack?: Finding;
  readonly ownedDays?: number;
  readonly readsOnMonolith?: number;
  readonly strayWrites?: number;
}

type Gate = (facts: GateFacts, settings: Required<GateSettings>) => GateResult;

const result = (
  gate: GateName,
  ok: boolean,
  actual: string,
  expected: string,
  remedy: string,
): GateResult => ({ gate, ok, actual, expected, remedy: ok ? '' : remedy });
const finding =
  (
    gate: GateName,
    fact: (facts: GateFacts) => Finding | undefined,
    expected: string,
    remedy: (context: string) => string,
  ): Gate =>
  (facts) => {
    const found = fact(facts);
    if (found === undefined)
      return result(gate, false, 'not known', expected, remedy(facts.context));
    if (found === true) return result(gate, true, expected, expected, '');
    return result(gate, false, found.problem, expected, found.remedy ?? remedy(facts.context));
  };
const seconds = (value: number): string =>
  `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)} s`;

const doctor = (context: string): string => `strangler doctor ${context} says what to mend`;
const databases = finding(
  'databases',
  (facts) => facts.databases,
  'both databases reachable',
  doctor,
);
const replicaIdentity = finding(
  'replica-identity',
  (facts) => facts.replicaIdentity,
  'every table has a usable replica identity',
  doctor,
);
const mapping = finding('mapping', (facts) => facts.mapping, 'the mapping compiles', doctor);
const publicationAndSlot = finding(
  'publication-and-slot',
  (facts) => facts.publicationAndSlot,
  'publication and slot can be made',
  doctor,
);
const wayBack = finding(
  'way-back',
  (facts) => facts.wayBack,
  'publication and slot of the way back can be made (the move itself proves them with a marker)',
  doctor,
);

const initialCopy: Gate = (facts) =>
  result(
    'initial-copy',
    facts.copyComplete === true,
    facts.copyComplete === undefined
      ? 'not known'
      : facts.copyComplete
        ? 'complete'
        : 'not complete',
    'complete',
    `strangler replicate ${facts.context} --until-caught-up`,
  );
const lag: Gate = (facts, settings) => {
  const expected = `worker alive, lag at most ${seconds(settings.maxLagSeconds)}`;
  if (facts.workerAlive !== true)
    return result(
      'lag',
      false,
      'no worker is alive',
      expected,
      `Start it: strangler replicate ${facts.context}`,
    );
  if (facts.lagSeconds === undefined)
    return result(
      'lag',
      false,
      'not known',
      expected,
      `Wait until the worker reports: strangler status ${facts.context}`,
    );
  return result(
    'lag',
    facts.lagSeconds <= settings.maxLagSeconds,
    seconds(facts.lagSeconds),
    expected,
    `Wait for the worker to catch up: strangler status ${facts.context}`,
  );
};
const verified =
  (fresh: boolean): Gate =>
  (facts, settings) => {
    const expected = fresh
      ? `0 differing rows, at most ${seconds(settings.verificationMaxAgeSeconds)} old`
      : '0 differing rows';
    const remedy = `strangler verify ${facts.context}`;
    if (facts.verification === undefined)
      return result('verification', false, 'never verified', expected, remedy);
    const { differences, ageSeconds } = facts.verification;
    return result(
      'verification',
      differences === 0 && (!fresh || ageSeconds <= settings.verificationMaxAgeSeconds),
      `${differences} differing rows, ${seconds(ageSeconds)} old`,
      expected,
      remedy,
    );
  };
const deadLetters: Gate = (facts) =>
  result(
    'dead-letters',
    facts.openDeadLetters === 0,
    facts.openDeadLetters === undefined ? 'not known' : `${facts.openDeadLetters} open`,
    '0 open',
    `strangler dead-letters list ${facts.context}`,
  );

const pacts: Gate = (facts, settings) => {
  if (!settings.pacts)
    return result('pacts', true, 'not asked for (gates.pacts is false)', 'not asked for', '');
  const expected = 'verified on both sides';
  const remedy = `strangler contracts verify ${facts.context}`;
  if (facts.pacts === undefined) return result('pacts', false, 'never verified', expected, remedy);
  const failed = [
    facts.pacts.monolith ? '' : 'monolith',
    facts.pacts.service ? '' : 'service',
  ].filter((side) => side !== '');
  return result(
    'pacts',
    failed.length === 0,
    failed.length === 0 ? expected : `failed on ${failed.join(' and ')}`,
    expected,
    remedy,
  );
};
const shadowReads: Gate = (facts, settings) => {
  const expected = `${settings.minShadowReads} compared reads of each read route`;
  const remedy = `strangler shadow ${facts.context} --sample 100 --wait ${settings.minShadowReads}`;
  if (facts.shadow === undefined)
    return result('shadow-reads', false, 'not known', expected, remedy);
  const few = facts.shadow.filter((route) => route.compared < settings.minShadowReads);
  const least = Math.min(...facts.shadow.map((route) => route.compared));
  const actual =
    few.length > 0
      ? few.map((route) => `${route.route} ${route.compared}`).join(', ')
      : facts.shadow.length === 0
        ? 'no read routes'
        : `at least ${least}`;
  return result('shadow-reads', few.length === 0, actual, expected, remedy);
};
const mismatches: Gate = (facts, settings) => {
  const expected = `at most ${settings.maxMismatchPercent} % of each read route`;
  const remedy = `strangler shadow ${facts.context} shows what differs`;
  if (facts.shadow === undefined) return result('mismatches', false, 'not known', expected, remedy);
  const rated = facts.shadow.map((route) => ({
    ...route,
    percent: route.compared === 0 ? 0 : (100 * route.mismatches) / route.compared,
  }));
  const bad = rated.filter((route) => route.percent > settings.maxMismatchPercent);
  const actual =
    bad.length > 0
      ? bad.map((route) => `${route.route} ${Number(route.percent.toFixed(3))} %`).join(', ')
      : `${Number(Math.max(0, ...rated.map((route) => route.percent)).toFixed(3))} %`;
  return result('mismatches', bad.length === 0, actual, expected, remedy);
};

const facades: Gate = (facts) => {
  const expected = 'all facade instances alive and on the current epoch';
  const known = facts.facades;
  if (known === undefined)
    return result('facades', false, 'not known', expected, doctor(facts.context));
  if (known.notNeeded) return result('facades', true, 'not needed (--no-facade)', expected, '');
  if (known.alive === 0)
    return result(
      'facades',
      false,
      'no facade is alive',
      expected,
      'Start the facade, or use --no-facade when no traffic flows.',
    );
  if (known.behind.length > 0)
    return result(
      'facades',
      false,
      `behind the current epoch: ${known.behind.join(', ')}`,
      expected,
      'Look at the log of that facade: it has not seen the last change of owner.',
    );
  return result(
    'facades',
    true,
    `${known.alive} alive${known.stale.length > 0 ? `, ${known.stale.length} gone` : ''}`,
    expected,
    '',
  );
};

const ownedFor: Gate = (facts, settings) =>
  result(
    'owned-for',
    facts.ownedDays !== undefined && facts.ownedDays >= settings.retireAfterDays,
    facts.ownedDays === undefined ? 'not known' : `${Number(facts.ownedDays.toFixed(2))} days`,
    `owned by the service for ${settings.retireAfterDays} days`,
    'Wait, or set gates.retireAfterDays in the context file.',
  );
const noReads: Gate = (facts) =>
  result(
    'reads-on-monolith',
    facts.readsOnMonolith === 0,
    facts.readsOnMonolith === undefined ? 'not known' : `${facts.readsOnMonolith} in the last day`,
    '0 in the last day',
    `strangler route ${facts.context} --all --percent 100`,
  );
const noStrays: Gate = (facts) =>
  result(
    'stray-writes',
    facts.strayWrites === 0,
    facts.strayWrites === undefined ? 'not known' : `${facts.strayWrites} refused or logged`,
    '0',
    `strangler fence status ${facts.context} shows who still writes to the monolith's tables`,
  );

/** The gates of a move, in the order in which they are shown. */
export function gatesOf(move: Move, data: DataKind, stage: Stage): readonly Gate[] {
  const replicated = data === 'replicated';
  switch (move) {
    case 'replicate':
      return replicated ? [databases, replicaIdentity, mapping, publicationAndSlot] : [];
    case 'shadow':
      return replicated ? [initialCopy, lag, verified(false)] : [];
    case 'canary':
      return [pacts, shadowReads, mismatches];
    case 'cutover':
      return replicated
        ? [lag, verified(true), deadLetters, facades, wayBack]
        : [pacts, shadowReads, mismatches];
    // Going back must stay easy; only what would lose a write stands in the way.
    case 'rollback':
      return replicated && stage === 'service' ? [lag, deadLetters, facades] : [];
    case 'retire':
      return replicated ? [ownedFor, noReads, noStrays] : [ownedFor, noReads];
    default:
      return move satisfies never;
  }
}

export const evaluateGates = (
  move: Move,
  facts: GateFacts,
  settings: Required<GateSettings>,
): GateResult[] => gatesOf(move, facts.data, facts.stage).map((gate) => gate(facts, settings));

export const gatesPass = (results: readonly GateResult[]): boolean =>
  results.every((gate) => gate.ok);
