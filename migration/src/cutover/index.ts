export { cutover, type MoveOptions, type MoveResult, rollback } from './cutover.ts';
export {
  installFence,
  removeFence,
  type Fence,
  type FenceChange,
  type FenceMode,
  type FenceOptions,
} from './fence.ts';
export { fenceStatus, type FenceStatus } from './fence-status.ts';
export { strayWriters, type StrayWriter } from '../replica/stray-writes.ts';
export { contextTables } from './cutover.ts';
export { recoverMove, type Recovery, type RecoverOptions } from './recover.ts';
export { unfinishedMoves, type MoveRecord } from './move-record.ts';
export { abandon, retire, type TeardownOptions, type TeardownResult } from './retire.ts';
export { dropStream } from './old-stream.ts';
export { protocol } from './protocol.ts';
export type { StepMoment, MoveStep } from './move-state.ts';
export type { StepResult } from './run-move.ts';
