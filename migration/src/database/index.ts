export * from './catalog.ts';
export * from './connect.ts';
export * from './failures.ts';
export * from './identifiers.ts';
export * from './lsn.ts';
export * from '../replica/schema.ts';
export * from './current-lsn.ts';
