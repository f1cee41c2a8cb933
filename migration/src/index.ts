export * from '@strangler-toolkit/plan';
export { type Control, openControl } from './control/index.ts';
export { loadMapping } from './mapping/load.ts';
export { runWorker, type WorkerOptions, type WorkerProgress } from './worker/index.ts';
export { embeddedTransport, type Transport } from './stream/index.ts';
export {
  repair,
  type RepairOptions,
  type RepairResult,
  verify,
  type VerifyOptions,
  type VerifyResult,
} from './verify/index.ts';
export {
  cutover,
  fenceStatus,
  installFence,
  type MoveOptions,
  type MoveResult,
  recoverMove,
  type Recovery,
  removeFence,
  retire,
  rollback,
  strayWriters,
} from './cutover/index.ts';
