export type * from './change-event.ts';
export type * from './change-stream.ts';
export * from './embedded/index.ts';
export { type Direction, type ReplicationNames, replicationNames } from './names.ts';
