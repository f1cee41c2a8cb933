export { directionOf, runWorker } from './run-worker.ts';
export type { WorkerOptions, WorkerProgress } from './worker-options.ts';
