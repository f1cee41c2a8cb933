export { initialCopy, type InitialCopyOptions, type InitialCopyResult } from './initial-copy.ts';
export { forgetCopyMark } from './prepare-target.ts';
export type { CopyProgress } from './progress.ts';
