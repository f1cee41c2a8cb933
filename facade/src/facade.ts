import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { resolveSetting, type Side } from '@strangler-toolkit/plan';
import express from 'express';
import { pino } from 'pino';
import { adminApp } from './admin/admin-app.ts';
import { defaultLimits, type FacadeOptions } from './config/options.ts';
import { type Flags, noFlags } from './flags/flags.ts';
import { unleashFlags } from './flags/unleash-flags.ts';
import { listen } from './listen.ts';
import { Ownership } from './ownership/ownership.ts';
import { Attempts } from './proxy/attempt.ts';
import { trustedPeers } from './proxy/peer.ts';
import { sendProblem } from './proxy/problem.ts';
import { requestHandler } from './serving/request-handler.ts';
import type { ContextPlan, Serving } from './serving/serve.ts';
import { isWebSocket, upgradeHandler } from './serving/upgrade.ts';
import { upstreamBreaker } from './resilience/breaker.ts';
import { upstreamAgents } from './resilience/upstream-agents.ts';
import { identityReader } from './routing/identity.ts';
import { compileRoutes } from './routing/route-table.ts';
import { Mirror } from './shadow/mirror.ts';
import { sampleOf } from './shadow/records.ts';
import { facadeMetrics } from './telemetry/metrics.ts';
import { Recorder } from './telemetry/recorder.ts';
import { noteTry } from './telemetry/route-stats.ts';

export interface Facade {
  /** @throws StranglerError PORT_IN_USE */
  start(): Promise<{ readonly port: number; readonly adminPort: number }>;
  /** Readiness fails, no new connections, what is under way may finish until the deadline. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
}

/**
 * A facade in this process.
 * @throws StranglerError CONFIG_INVALID for conflicting routes, CONFIG_ENV_MISSING for an address that is not set
 *
 * @example
 * ```ts
 * import { createFacade } from '@strangler-toolkit/facade';
 * import { defineMigration } from '@strangler-toolkit/plan';
 *
 * const greetings = defineMigration({
 *   context: 'greetings',
 *   data: 'none',
 *   monolith: { url: 'http://127.0.0.1:3000' },
 *   service: { url: 'http://127.0.0.1:4000' },
 *   routes: [{ name: 'hello', method: 'GET', path: '/hello', kind: 'read' }],
 * });
 * const facade = createFacade({
 *   contexts: [greetings],
 *   monolithUrl: 'http://127.0.0.1:3000',
 *   stateDir: '.facade',
 *   name: 'facade-1',
 * });
 * const { port } = await facade.start();
 * ```
 */
export function createFacade(options: FacadeOptions): Facade {
  const limits = { ...defaultLimits, ...options.limits };
  const log = options.log ?? pino({ level: 'silent' });
  const definitions = [...options.contexts];
  const table = compileRoutes(definitions);
  const metrics = facadeMetrics();
  const agents = upstreamAgents();
  const env = options.env ?? process.env;
  const contexts = new Map(
    definitions.map((definition): [string, ContextPlan] => {
      const url = (side: Side): string =>
        resolveSetting(definition[side].url, env, `contexts/${definition.context}: ${side}.url`);
      const breaker = (side: Side) =>
        upstreamBreaker((state) => {
          metrics.breaker.set({ context: definition.context, side }, state === 'closed' ? 0 : 1);
          log.warn({ context: definition.context, side, state }, 'breaker');
        });
      return [
        definition.context,
        {
          name: definition.context,
          urls: { monolith: url('monolith'), service: url('service') },
          replicated: definition.data === 'replicated',
          breakers: { monolith: breaker('monolith'), service: breaker('service') },
          identity: identityReader(definition.identity),
        },
      ];
    }),
  );
  const ownership = new Ownership({
    controlUrl: options.controlUrl,
    name: options.name,
    stateDir: options.stateDir,
    limits,
    log,
    declared: new Map(definitions.map((definition) => [definition.context, definition.data])),
  });
  const recorder = new Recorder({
    url: options.controlUrl,
    name: options.name,
    flushMs: limits.flushMs,
    onDrop: (kind, count) => metrics.statsDropped.inc({ kind }, count),
  });
  const mirror = new Mirror({
    agents,
    caughtUp: (context, withinMs) => recorder.caughtUp(context, withinMs),
    limits: {
      maxJobs: limits.shadowMaxJobs,
      maxBytes: limits.shadowMaxBytes,
      maxBodyBytes: limits.shadowMaxBodyBytes,
      concurrency: limits.shadowConcurrency,
      timeoutMs: limits.shadowTimeoutMs,
      catchUpMs: limits.shadowCatchUpMs,
    },
    onCrash: (error) => {
      metrics.shadowCrashes.inc();
      log.error({ err: error instanceof Error ? error.stack : String(error) }, 'shadow');
    },
    note: ({ route, method, target, epoch }, verdict) => {
      const { context, definition } = route;
      metrics.shadow.inc({ context, route: definition.name, outcome: verdict.outcome });
      recorder.counts.add({
        context,
        route: definition.name,
        outcome: verdict.outcome,
        epoch: String(epoch),
        count: 1,
      });
      if (verdict.outcome === 'match' || verdict.outcome === 'dropped') return;
      recorder.sample(
        sampleOf({
          context,
          route: definition,
          verdict,
          method,
          path: target.path,
          search: target.search,
          epoch: String(epoch),
        }),
      );
    },
  });
  let flags: Flags = noFlags;
  let phase: 'starting' | 'serving' | 'draining' = 'starting';
  const serving: Serving = {
    table,
    contexts,
    monolithUrl: options.monolithUrl,
    ownership,
    mirror,
    metrics,
    limits,
    log,
    attempts: new Attempts(agents),
    debugHeaders: options.debugHeaders ?? false,
    trusted: trustedPeers(options.trustedProxies ?? []),
    flags: {
      isEnabled: (name, identity) => flags.isEnabled(name, identity),
      status: () => flags.status(),
      stop: () => flags.stop(),
    },
    noteTry: (context, route, side, milliseconds, error) =>
      noteTry(recorder.stats, {
        context,
        route,
        side,
        milliseconds,
        error,
        now: Date.now() + (ownership.link?.clockOffsetMs ?? 0),
      }),
  };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const handle = requestHandler(serving);
  app.use(async (request, response) => {
    if (phase === 'draining') response.shouldKeepAlive = false;
    await handle(request, response);
  });
  app.use(
    (
      error: unknown,
      _request: express.Request,
      response: express.Response,
      _next: express.NextFunction,
    ) => {
      log.error(
        { err: error instanceof Error ? error.stack : String(error) },
        'request failed inside the facade',
      );
      sendProblem(response, {
        status: 500,
        code: 'INTERNAL',
        detail: 'The facade failed; its log says why.',
      });
    },
  );
  // an upload may take longer than node's five minutes; a silent one is cut off by the attempt's own clock. Without a limit of
  // their own, headers would inherit the missing one, and connections that never finish them would pile up for ever.
  const server = createServer(
    {
      shouldUpgradeCallback: isWebSocket,
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(limits.headersMs, 10_000),
    },
    app,
  );
  server.on('checkContinue', app);
  const upgrades = new Set<Duplex>();
  const upgrade = upgradeHandler(serving, upgrades);
  server.on(
    'upgrade',
    (request, socket: Duplex, head) =>
      void upgrade(request, socket, head).catch(() => socket.destroy()),
  );
  const admin = createServer(adminApp({ serving, recorder, serves: () => phase === 'serving' }));

  const release = async (): Promise<void> => {
    flags.stop();
    await mirror.close();
    await Promise.all([ownership.stop(), recorder.stop()]);
    agents.destroy();
  };

  return {
    async start() {
      try {
        const adminPort = await listen(admin, options.adminPort ?? 0, options.host ?? '127.0.0.1');
        if (options.unleash) {
          flags = await unleashFlags({
            ...options.unleash,
            appName: options.name,
            stateDir: options.stateDir,
            startMs: limits.startMs,
            onProblem: (message) => log.warn({ problem: message }, 'flags'),
          });
        }
        await ownership.start();
        const port = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
        phase = 'serving';
        return { port, adminPort };
      } catch (error) {
        admin.close();
        await release();
        throw error;
      }
    },
    async stop({ deadlineMs = limits.drainMs } = {}) {
      if (phase === 'draining') return;
      phase = 'draining';
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = performance.now() + deadlineMs;
      const quiet = async (): Promise<void> => {
        await closed;
        while (upgrades.size > 0 && performance.now() < deadline)
          await new Promise((resolve) => setTimeout(resolve, 20));
      };
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([
        quiet(),
        new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs))),
      ]);
      clearTimeout(timer);
      clearInterval(sweep);
      for (const socket of upgrades) socket.destroy();
      server.closeAllConnections();
      await release();
      await new Promise<void>((resolve) => {
        admin.close(() => resolve());
        admin.closeAllConnections();
      });
    },
  };
}
