export { type Control, openControl } from './open-control.ts';
export type { ContextRow } from './contexts.ts';
export type { Evidence } from './evidence.ts';
export { type InstanceContextRow } from './instances.ts';
export type { JournalRow } from './journal.ts';
export { type Lease, LEASE_TTL_MS } from './leases.ts';
export { type RouteShadow, type ShadowSample } from './shadow-results.ts';
export { type Watermark } from './watermarks.ts';
export type { NumberedEntry } from './moves.ts';
