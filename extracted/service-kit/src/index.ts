export { openPool, databaseCheck, type PoolOptions } from './database/pool.ts';
export { databaseError, describeDatabase } from './database/database-error.ts';
export { listenAddress, requiredEnv } from './environment.ts';
export {
  isServiceError,
  ServiceError,
  serviceErrorCodes,
  type ServiceErrorCode,
} from './errors.ts';
export { runChecks, type Check, type Checks } from './health/checks.ts';
export {
  Problem,
  problemHandler,
  problemOf,
  sendProblem,
  type ProblemBody,
} from './http/problem.ts';
export { currentRequest, propagatedHeaders, type RequestContext } from './http/request-context.ts';
export { isShadow, shadowHeader } from './http/shadow.ts';
export {
  continueTrace,
  type EventTrace,
  formatTraceparent,
  parseTraceparent,
  type TraceContext,
} from './http/trace-context.ts';
export { runService } from './lifecycle/run-service.ts';
export {
  startService,
  type RunningService,
  type ServiceOptions,
} from './lifecycle/start-service.ts';
export { installOutbox } from './outbox/install-outbox.ts';
export { keepOutboxShort, removeOldEvents } from './outbox/keep-outbox-short.ts';
export { publishEvent, type NewEvent } from './outbox/publish-event.ts';
export type { Querying } from './outbox/querying.ts';
export { createLogger } from './telemetry/logger.ts';
export { createMetrics, type Metrics } from './telemetry/metrics.ts';
