export { type ErrorCode, errorCodes, isStranglerError, StranglerError } from './errors.ts';
export * from './plan/index.ts';
export { type Control, openControl } from './control/index.ts';
