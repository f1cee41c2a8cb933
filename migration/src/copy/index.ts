export { initialCopy, type InitialCopyOptions, type InitialCopyResult } from './initial-copy.ts';
export { type CopyMark, forgetCopyMark } from '../replica/copies.ts';
export { Pace, parseRate, type Rate, requirePaceable } from './pace.ts';
export type { CopyProgress } from './progress.ts';
export { CannotResume, CopyPaused } from './cut-off.ts';
export { type MappedFiles, mappedFiles } from './table-files.ts';
