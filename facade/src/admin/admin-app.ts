import { flagName } from '@strangler-toolkit/plan';
import express, { type Express } from 'express';
import { decide } from '../routing/decide.ts';
import type { Serving } from '../serving/serve.ts';
import type { Recorder } from '../telemetry/recorder.ts';

export interface AdminOptions {
  readonly serving: Serving;
  readonly recorder: Recorder;
  readonly serves: () => boolean;
}

/** What the facade knows, in words. A facade that serves with the last known state is ready: taking it away would help nobody (P6). */
function readiness({ serving }: AdminOptions, serves: boolean): Record<string, unknown> {
  const { ownership, flags } = serving;
  const control = ownership.link === undefined ? 'off' : ownership.link.up ? 'up' : 'down';
  const contexts = Object.fromEntries(
    ownership.states.contexts().map((context) => {
      const state = ownership.states.get(context);
      return [
        context,
        {
          known: state.known,
          owner: state.owner,
          stage: state.stage,
          epoch: String(state.epoch),
          held: ownership.states.holding(context) !== undefined,
        },
      ];
    }),
  );
  const flagStatus = flags.status();
  const degraded =
    control === 'down' ||
    flagStatus.state === 'stale' ||
    flagStatus.state === 'none' ||
    ownership.regressed.length > 0;
  return {
    status: !serves ? 'not-ready' : degraded ? 'degraded' : 'ready',
    control: {
      state: control,
      ageSeconds: ownership.link?.ageSeconds ?? null,
      restoredFromDisk: ownership.restoredFromDisk,
      olderEpochTold: ownership.regressed,
    },
    flags: flagStatus,
    contexts,
  };
}

function routes({ serving }: AdminOptions): unknown {
  return serving.table.routes.map(({ context, definition }) => {
    const view = serving.ownership.states.get(context);
    const enabled = serving.flags.isEnabled(flagName(context, definition.name), undefined);
    const flagsFor = (route: boolean | undefined) =>
      decide({
        kind: definition.kind,
        view,
        freshness: 'fresh',
        unavailable: new Set(),
        flags: { kill: serving.flags.isEnabled(`${context}.kill`, undefined), route },
      });
    return {
      context,
      route: definition.name,
      method: definition.method,
      path: definition.path,
      kind: definition.kind,
      data: view.dataKind,
      stage: view.stage,
      owner: view.owner,
      epoch: String(view.epoch),
      flag: { name: flagName(context, definition.name), exists: enabled !== undefined },
      target: {
        flagOff: flagsFor(enabled === undefined ? undefined : false),
        flagOn: flagsFor(enabled === undefined ? undefined : true),
      },
      upstreams: serving.contexts.get(context)?.urls,
    };
  });
}

function refreshGauges({ serving, recorder: _recorder }: AdminOptions): void {
  const { metrics, ownership, flags, mirror } = serving;
  metrics.flagAge.set(flags.status().ageSeconds ?? -1);
  metrics.controlUp.set(ownership.link?.up ? 1 : 0);
  metrics.controlAge.set(ownership.link?.ageSeconds ?? -1);
  metrics.shadowQueued.set(mirror.waiting);
  metrics.epoch.reset();
  for (const context of ownership.states.contexts()) {
    const state = ownership.states.get(context);
    metrics.epoch.set({ context, owner: state.owner, stage: state.stage }, Number(state.epoch));
    metrics.holding.set({ context }, ownership.states.holding(context) ? 1 : 0);
    metrics.waitingWrites.set({ context }, ownership.gate.waiting(context));
    metrics.writesInFlight.set({ context }, ownership.gate.inFlight(context));
  }
}

/** The operators' port. */
export function adminApp(options: AdminOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', (_request, response) => {
    const serves = options.serves();
    response.status(serves ? 200 : 503).json(readiness(options, serves));
  });
  app.get('/metrics', async (_request, response) => {
    refreshGauges(options);
    const { registry } = options.serving.metrics;
    response.type(registry.contentType).send(await registry.metrics());
  });
  app.get('/routes', (_request, response) => void response.json(routes(options)));
  return app;
}
