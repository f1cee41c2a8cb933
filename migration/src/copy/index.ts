export { initialCopy, type InitialCopyOptions, type InitialCopyResult } from './initial-copy.ts';
export { type CopyMark, forgetCopyMark } from '../replica/copies.ts';
export type { CopyProgress } from './progress.ts';
