import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Checks } from '../health/checks.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { buildApp } from './build-app.ts';
import { trackResponses } from './graceful-stop.ts';
import { listen } from './listen.ts';

export interface ServiceOptions {
  readonly name: string;
  readonly host?: string;
  /** 0 takes any free port; the log line `listening` tells which. */
  readonly port: number;
  /** The service's own routes: an Express router or app, made once with the kit's logger and metrics. */
  readonly routes: (kit: { logger: Logger; metrics: Metrics }) => RequestHandler;
  readonly checks?: Checks;
  /** Commit or image digest of what runs, told by GET /version behind the name (default: BUILD_VERSION of the environment). */
  readonly build?: string;
  /** Runs after the last answer: close pools here. */
  readonly onStop?: () => Promise<void> | void;
  readonly logger?: Logger;
  /** How long a stopping service keeps serving after its readiness failed, so that load balancers notice. */
  readonly drainDelayMs?: number;
  /** How long running requests may take after that. */
  readonly stopTimeoutMs?: number;
}

export interface RunningService {
  readonly port: number;
  readonly url: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Readiness fails first, running requests finish, then `onStop`. Calling it again waits for the same stop. */
  stop(reason?: string): Promise<void>;
}

/**
 * Listens and serves until `stop`.
 * @throws ServiceError when it cannot listen
 *
 * @example
 * ```ts
 * import { Router } from 'express';
 * import { startService } from '@strangler-toolkit/service-kit';
 *
 * const service = await startService({
 *   name: 'greetings',
 *   port: 0,
 *   routes: () => Router().get('/hello', (_request, response) => void response.send('Hello')),
 * });
 * console.log(service.url);
 * await service.stop();
 * ```
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const logger = options.logger ?? createLogger(options.name);
  const metrics = createMetrics(options.name);
  const host = options.host ?? '127.0.0.1';
  const build = options.build ?? process.env.BUILD_VERSION;
  let stopped: Promise<void> | undefined;

  const app = buildApp({
    logger,
    metrics,
    checks: options.checks ?? {},
    stopping: () => stopped !== undefined,
    ...(build && { revision: `${options.name}-${build}` }),
    routes: options.routes({ logger, metrics }),
  });
  const server = createServer();
  const finishResponses = trackResponses(server);
  server.on('request', app);
  const port = await listen(server, host, options.port);
  logger.info({ host, port }, 'listening');

  const stopOnce = async (reason: string): Promise<void> => {
    logger.info({ reason }, 'stopping');
    if (options.drainDelayMs) await delay(options.drainDelayMs);
    const cut = await finishResponses(options.stopTimeoutMs ?? 10_000);
    await options.onStop?.();
    if (cut > 0) logger.warn({ cut }, 'stopped; some answers were cut off');
    else logger.info('stopped');
  };

  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    logger,
    metrics,
    stop: (reason = 'asked') => (stopped ??= stopOnce(reason)),
  };
}
