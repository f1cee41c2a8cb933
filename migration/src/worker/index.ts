export { runWorker } from './run-worker.ts';
export type { WorkerProgress } from './worker-options.ts';
