export { freePort } from './free-port.ts';
export { guardProcess, temporaryFolder, type TemporaryFolder } from './guard.ts';
export { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
export { runProgram, type ProgramOptions, type ProgramResult } from './run-program.ts';
export { startProcess, type ExitStatus, type ProcessOptions, type RunningProcess } from './child-process.ts';
export { startUnleash, type UnleashOptions, type UnleashServer } from './unleash.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
