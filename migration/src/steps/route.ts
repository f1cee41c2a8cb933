import {
  flagName,
  killFlagName,
  type MigrationDefinition,
  type RouteDefinition,
  type Stage,
  steersAt,
  StranglerError,
  unknownName,
} from '@strangler-toolkit/plan';
import { type FlagState, requireShares, routeFlags, steerableRoutes } from '../flags/index.ts';
import { forgetControlFlags, leftBehind } from './left-flags.ts';
import { raises } from './ramp-raise.ts';
import { planned, type Step } from './step.ts';

export interface RouteOptions {
  readonly context: string;
  readonly route?: string;
  readonly all?: boolean;
  readonly percent?: number;
  /** true: reads go to their owner; false: flags count again. */
  readonly kill?: boolean;
  /** Those that stayed there when Unleash came. */
  readonly forgetControlFlags?: boolean;
}

export interface RouteResult {
  readonly context: string;
  readonly killed: boolean;
  readonly flags: readonly FlagState[];
}

/** @throws ROUTE_UNKNOWN, and USAGE for a write whose data could fork */
function chosenRoutes(definition: MigrationDefinition, options: RouteOptions): RouteDefinition[] {
  if (options.route === undefined) {
    if (!options.all) throw new StranglerError('USAGE', 'Name a route, or use --all');
    return steerableRoutes(definition);
  }
  const route = definition.routes.find((candidate) => candidate.name === options.route);
  if (!route)
    throw new StranglerError(
      'ROUTE_UNKNOWN',
      `Route ${unknownName(
        options.route,
        definition.routes.map((candidate) => candidate.name),
      )}`,
    );
  if (route.kind === 'write' && definition.data === 'replicated') {
    throw new StranglerError(
      'USAGE',
      `${route.name} is a write of a replicated context: writes go to the owner of the data and no flag moves them, or the data would fork`,
      {
        remedy: `strangler cutover ${definition.context} moves all writes at once, with the data.`,
      },
    );
  }
  return [route];
}

function assertStage(stage: Stage, definition: MigrationDefinition): void {
  if (steersAt(stage)) return;
  throw new StranglerError(
    'MOVE_NOT_ALLOWED',
    `${definition.context} is at stage ${stage}: routes follow their flags from canary on`,
    {
      remedy:
        stage === 'retired'
          ? 'The move is over: the service serves everything.'
          : `strangler status ${definition.context} shows the next step; strangler ramp ${definition.context} enters canary.`,
    },
  );
}

export const route: Step<RouteOptions, RouteResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    const writer = kit.flagWriter();
    const kill = killFlagName(options.context);
    if (options.forgetControlFlags) await forgetControlFlags(kit, options.context);
    else if (options.kill !== undefined) {
      // The kill switch must work when everything else does not: no lease, no stage, and the journal only if it answers.
      if (options.kill) await writer.setPercent(kill, options.context, 100);
      else await writer.turnOff(kill);
      await kit
        .control()
        .then((control) =>
          control.journal.append({
            context: options.context,
            actor: kit.actor,
            step: options.kill ? 'kill' : 'unkill',
            status: 'done',
          }),
        )
        .catch(() => {});
    } else if (options.percent !== undefined) {
      requireShares(writer, [options.percent]);
      const routes = chosenRoutes(definition, options);
      const row = await kit.row(definition);
      // Turning off is always allowed.
      if (options.percent > 0) assertStage(row.stage, definition);
      const names = routes.map((chosen) => flagName(options.context, chosen.name));
      const before = await writer.readAll(names, options.context);
      const unasked =
        row.stage === 'canary' && raises(before, { percent: options.percent, identities: [] });
      for (const name of names) await writer.setPercent(name, options.context, options.percent);
      if (unasked)
        kit.tell(
          'gates',
          `no gate was asked, and nobody watches: strangler ramp ${options.context} does both`,
        );
      const control = await kit.control();
      await control.journal.append({
        context: options.context,
        actor: kit.actor,
        step: 'route',
        status: 'done',
        detail: {
          routes: routes.map((chosen) => chosen.name),
          percent: options.percent,
          ...(unasked && { gates: 'not asked' }),
        },
      });
    }
    const [killed, flags] = [
      await writer.read(kill, options.context),
      await writer.readAll(routeFlags(definition), options.context),
    ];
    return { context: options.context, killed: killed.percent > 0, flags };
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    if (options.kill !== undefined)
      return planned([
        {
          action: options.kill
            ? 'turn on the kill switch: every read goes to its owner'
            : 'turn off the kill switch: flags count again',
          detail: killFlagName(options.context),
        },
      ]);
    if (options.forgetControlFlags)
      return planned([
        {
          action: 'forget the flags in the control database',
          detail: (await leftBehind(await kit.control(), options.context)).join(', '),
        },
      ]);
    if (options.percent === undefined) return planned(['show the flags']);
    requireShares(kit.flagWriter(), [options.percent]);
    const routes = chosenRoutes(definition, options);
    const row = await kit.row(definition);
    const actions = routes.map((chosen) => ({
      action: options.percent === 0 ? 'turn off flag' : `set flag to ${options.percent} %`,
      detail: flagName(options.context, chosen.name),
    }));
    try {
      if ((options.percent ?? 0) > 0) assertStage(row.stage, definition);
      return planned(actions);
    } catch (error) {
      if (error instanceof StranglerError)
        return planned(actions, { code: error.code, message: error.message });
      throw error;
    }
  },
};
