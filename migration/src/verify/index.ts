export { repair, type RepairResult } from './repair.ts';
export { verify, type VerifyOptions, type VerifyResult } from './verify.ts';
export { keysOfLeaf } from './leaf-keys.ts';
