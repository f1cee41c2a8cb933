export * from './channels.ts';
export * from './facade-statements.ts';
export * from './flag-statements.ts';
export * from './instance-detail.ts';
export * from './latency.ts';
export * as numberStatements from './number-statements.ts';
export * from './shadow-outcomes.ts';
export * from './schema-version.ts';
