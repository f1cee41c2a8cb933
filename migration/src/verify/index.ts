export { repair, type RepairOptions, type RepairResult } from './repair.ts';
export type { DifferingRow } from './settle.ts';
export {
  type NamedKey,
  verify,
  type VerifiedTable,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyResult,
} from './verify.ts';
