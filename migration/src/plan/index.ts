export { defineMigration, env } from './migration.ts';
export type * from './migration.ts';
export { type Environment, requireVariable, resolveSetting } from './settings.ts';
export { flagName, killFlagName, shadowFlagName } from './flag-names.ts';
export { type LoadedContext, loadContexts, requireContext } from './load.ts';
export { validateDefinition, validateTogether } from './validate.ts';
export {
  type Move,
  type MoveDecision,
  moveAllowed,
  moves,
  movesFrom,
  nextCommand,
  nextMove,
  ownerOf,
  type Stage,
  type StageState,
  stages,
} from './stages.ts';
export { cutoverSettings, defaultCutover, defaultGates, gateSettings } from './gate-settings.ts';
export {
  evaluateGates,
  type Finding,
  type GateFacts,
  type GateName,
  type GateResult,
  gatesOf,
  gatesPass,
  type ShadowFact,
} from './gates.ts';
export { type RampVerdict, judgeRampStep, type SideWindow } from './ramp.ts';
