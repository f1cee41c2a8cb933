import type {} from '@strangler-toolkit/plan';
export { type Control, openControl } from './open-control.ts';
export type { ContextRow, FlipOptions, StageChange } from './contexts.ts';
export { controlFailure } from './control-database.ts';
export type { Evidence, EvidenceKind } from './evidence.ts';
export { INSTANCE_GONE_SECONDS, type InstanceContextRow, type InstanceRow } from './instances.ts';
export type { JournalEntry, JournalRow, JournalStatus } from './journal.ts';
export type { Lease, LeaseOptions, LeaseRow } from './leases.ts';
export type { Channel } from './listen.ts';
export { LATENCY_BOUNDS, quantile, type RouteWindow } from './route-stats.ts';
export {
  type RouteShadow,
  type ShadowOutcome,
  shadowOutcomes,
  type ShadowSample,
} from './shadow-results.ts';
export {
  type Watermark,
  type WatermarkUpdate,
  WORKER_DEAD_SECONDS,
  type WorkerState,
} from './watermarks.ts';
