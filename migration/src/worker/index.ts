export { directionOf, runWorker, type WorkerOptions, type WorkerProgress } from './run-worker.ts';
