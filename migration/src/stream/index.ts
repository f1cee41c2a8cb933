import type {} from '@strangler-toolkit/plan';
export type * from './change-event.ts';
export type * from './change-stream.ts';
export type * from './transport.ts';
export * from './embedded/index.ts';
export * from './source/index.ts';
