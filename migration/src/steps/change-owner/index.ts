export { cutover } from './cutover.ts';
export type { MoveOutcome } from './outcome.ts';
export type { ChangeOwnerOptions } from './owner-change.ts';
export { retire } from './retire.ts';
export { rollback } from './rollback.ts';
