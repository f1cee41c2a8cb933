import type { CutoverSettings, GateSettings, MigrationDefinition } from './migration.ts';

export const defaultGates: Required<GateSettings> = {
  maxLagSeconds: 5,
  minShadowReads: 1000,
  maxMismatchPercent: 0.1,
  verificationMaxAgeSeconds: 3600,
  rampMinRequests: 100,
  rampMaxErrorExcessPercent: 0.5,
  rampMaxRefusedExcessPercent: 5,
  rampMaxLatencyRatio: 2,
  watchSeconds: 0,
  retireAfterDays: 14,
  pacts: true,
};
/** The largest lag at which reads may be shadowed by default: whoever may be compared may stand in. */
export const defaultStandInSeconds = defaultGates.maxLagSeconds;
export const defaultCutover: Required<CutoverSettings> = {
  holdTimeoutMs: 10_000,
  fenceLockTimeoutMs: 1000,
  fenceAttempts: 5,
  catchUpTimeoutMs: 5000,
  sequenceGap: 1000,
};

const overlay = <T extends object>(defaults: T, given: Partial<T> | undefined): T => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)),
});
export const gateSettings = (definition: MigrationDefinition): Required<GateSettings> =>
  overlay(defaultGates, definition.gates);
export const cutoverSettings = (definition: MigrationDefinition): Required<CutoverSettings> =>
  overlay(defaultCutover, definition.cutover);
