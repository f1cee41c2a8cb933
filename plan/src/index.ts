export { codeOf, type ErrorCode, errorCodes, isStranglerError, StranglerError } from './errors.ts';
export {
  type BySide,
  type Direction,
  directionFrom,
  directions,
  endsOf,
  oppositeOf,
  otherSide,
  bothSides,
  sidesOf,
  sourceOf,
  targetOf,
} from './directions.ts';
export { adminTokenRule, bearerAllows, isAdminToken } from './admin-token.ts';
export { defineMigration, env, httpMethods } from './migration.ts';
export type * from './migration.ts';
export { type Environment, optionalSetting, requireVariable, resolveSetting } from './settings.ts';
export { tlsFailure } from './tls-failure.ts';
export {
  type FlagMeaning,
  flagName,
  killFlagName,
  parseFlagName,
  shadowFlagName,
} from './flag-names.ts';
export { collapsedAs, collapsedPath, isIdentifier } from './collapsed-path.ts';
export { type MappedColumn, mappedColumns } from './mapped-columns.ts';
export { nearestName, unknownName } from './nearest-name.ts';
export { type ContextStands, refuseLostContext, refuseOtherIdentity } from './take-up.ts';
export { validateDefinition, validateTogether } from './validate.ts';
export {
  type Move,
  type MoveDecision,
  moveAllowed,
  mirrorsAt,
  isOneWay,
  moves,
  isWithin,
  movesFrom,
  nextCommand,
  nextMove,
  ownerOf,
  replicates,
  type Stage,
  type StageState,
  stages,
  steersAt,
  type StoredKind,
  storedKind,
  streamsAt,
} from './stages.ts';
export {
  cutoverSettings,
  defaultCutover,
  defaultGates,
  defaultStandInSeconds,
  gateSettings,
} from './gate-settings.ts';
export { age, type EarlierVerification, earlierVerificationText } from './earlier-verification.ts';
export type {
  BrokerFact,
  Finding,
  GateFacts,
  PactsFact,
  ReferenceFact,
  ShadowFact,
  VerificationFact,
} from './gate-facts.ts';
export { judgeReference } from './reference-gates.ts';
export { apart } from './apart.ts';
export { tellingApart } from './telling-apart.ts';
export { inServiceNames } from './append-problems.ts';
export { carriesOn } from './one-way-problems.ts';
export type { GateName, GateResult } from './gate-result.ts';
export { commandToGoOn, evaluateGates, gatesOf, gatesPass } from './gates.ts';
export { judgeGuard } from './guard.ts';
export {
  judgeWriteRoutes,
  type WriteRoutes,
  writeRoutesExpected,
  writeRoutesOf,
} from './write-routes.ts';
export { planMark } from './plan-mark.ts';
export { allowedOf, judgeRampStep, p99Text, type RampVerdict, type SideWindow } from './ramp.ts';
export * from './control/index.ts';
export * from './routing/index.ts';
export { emptyStep, fittingSteps, type TrafficSeen } from './traffic-seen.ts';
export { isServiceName } from './service-name.ts';
export { statusOf } from './status-of.ts';
export { lookAtHealth, type UpstreamHealth } from './upstream-health.ts';
export { facadeHeaders, hopByHopHeaders } from './withheld-headers.ts';
