export { freePort } from './free-port.ts';
export { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
