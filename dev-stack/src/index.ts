export { chromiumPath, startBrowser, type Browser } from './browser.ts';
export { type Accessible, type BrowserPage } from './browser-page.ts';
export { freePort } from './free-port.ts';
export { dataFolder } from './data-folder.ts';
export { guardChild, guardProcess, temporaryFolder, type TemporaryFolder } from './guard.ts';
export { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.ts';
export { startTlsPostgres, type TlsPostgres } from './tls-postgres.ts';
export { type Authority, makeAuthority, type Signed } from './certificates.ts';
export { type CollectedSpan, type Collector, startCollector } from './collector.ts';
export { runProgram, type ProgramOptions, type ProgramResult } from './run-program.ts';
export {
  startCommand,
  startProcess,
  type CommandOptions,
  type ExitStatus,
  type ProcessOptions,
  type RunningProcess,
} from './child-process.ts';
export { startUnleash, type UnleashOptions, type UnleashServer } from './unleash.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
export { startKafka, type KafkaOptions, type KafkaServer } from './kafka/kafka.ts';
export { startConnect, type ConnectOptions, type ConnectServer } from './kafka/connect.ts';
export { jarFolder, missingForKafka } from './kafka/jars.ts';
export { sharedKafka, type SharedKafka } from './kafka/shared.ts';
export { Hopeless, until, type Found, type UntilOptions } from './until.ts';
