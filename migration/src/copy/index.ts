export { initialCopy, type InitialCopyOptions, type InitialCopyResult } from './initial-copy.ts';
export { type CopyMark, forgetCopyMark } from './copy-mark.ts';
export type { CopyProgress } from './progress.ts';
