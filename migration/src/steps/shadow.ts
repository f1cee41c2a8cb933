import {
  type MigrationDefinition,
  shadowFlagName,
  StranglerError,
  type TrafficSeen,
  storedKind,
} from '@strangler-toolkit/plan';
import type { ContextRow, RouteShadow, ShadowSample } from '../control/index.ts';
import { readRoutes, requireShares, shadowFlags } from '../flags/index.ts';
import { decideMove, enterStage, type ForceOptions, passGates, refusalOf } from './gated-move.ts';
import { presentShadowBasis } from './shadow-basis.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface ShadowOptions extends ForceOptions {
  readonly context: string;
  /** Percent of reads that are mirrored; 0 turns it off. */
  readonly sample?: number;
  /** Waits until every read route has this many compared reads. */
  readonly wait?: number;
  readonly timeoutSeconds?: number;
  /** Forgets counts and samples first. */
  readonly reset?: boolean;
}

export interface ShadowResult {
  readonly context: string;
  readonly stage: string;
  readonly routes: readonly RouteShadow[];
  readonly samples: readonly ShadowSample[];
  /** Of the last day. */
  readonly traffic: TrafficSeen;
}

const countOf = ({ length }: readonly unknown[]): string =>
  length === 1 ? '1 route are' : `${length} routes are`;

async function noteBasis(
  kit: Toolkit,
  definition: MigrationDefinition,
  row: ContextRow,
): Promise<void> {
  const control = await kit.control();
  await control.evidence.record({
    context: definition.context,
    kind: 'shadow',
    epoch: row.epoch,
    ok: true,
    detail: { basis: await presentShadowBasis(kit, definition, row) },
  });
}

export const shadow: Step<ShadowOptions, ShadowResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    const control = await kit.control();
    if (options.sample !== undefined) {
      const flags = kit.flagWriter();
      requireShares(flags, [options.sample]);
      await control.contexts.register(options.context, storedKind(definition.data));
      await flags.ping();
      await kit.withLease(options.context, 'shadow', async (lease) => {
        const row = await kit.row(definition);
        const first = row.stage === 'monolith' || row.stage === 'replicating';
        if (options.sample === 0) {
          for (const name of shadowFlags(definition)) await flags.turnOff(name);
        } else {
          const decision = first ? await passGates(kit, definition, 'shadow', options) : undefined;
          if (row.stage === 'retired')
            throw new StranglerError(
              'MOVE_NOT_ALLOWED',
              `${options.context} is retired: there is nothing to compare`,
            );
          const known = await control.evidence.latest(options.context, 'shadow', row.epoch);
          if (options.reset) await control.shadow.reset(options.context);
          // Before the first read is mirrored: what changes afterwards makes the counts void.
          if (options.reset || known === undefined) await noteBasis(kit, definition, row);
          for (const name of shadowFlags(definition))
            await flags.setPercent(name, options.context, options.sample ?? 0);
          if (decision) await enterStage(kit, definition, { decision, lease });
        }
        await control.journal.append({
          context: options.context,
          actor: kit.actor,
          step: 'shadow-flags',
          status: 'done',
          detail: { percent: options.sample },
        });
      });
      kit.tell(
        'shadow',
        options.sample === 0
          ? 'nothing is mirrored any more'
          : `${options.sample} % of reads of ${countOf(readRoutes(definition))} mirrored`,
        'done',
      );
    } else if (options.reset) {
      await control.shadow.reset(options.context);
      await noteBasis(kit, definition, await kit.row(definition));
    }
    if (options.wait !== undefined) {
      const deadline = performance.now() + (options.timeoutSeconds ?? 3600) * 1000;
      for (;;) {
        const { epoch } = await kit.row(definition);
        const counts = await control.shadow.counts(options.context, epoch);
        const few = readRoutes(definition)
          .map((route) => ({
            route: route.name,
            compared: counts.find((found) => found.route === route.name)?.compared ?? 0,
          }))
          .filter(({ compared }) => compared < (options.wait ?? 0));
        if (few.length === 0) break;
        const text = few
          .map(({ route, compared }) => `${route} ${compared}/${options.wait}`)
          .join(', ');
        kit.tell('wait', `waiting for compared reads: ${text}`, 'update');
        if (performance.now() > deadline)
          throw new StranglerError('TIMEOUT', `Compared reads are missing: ${text}`, {
            remedy:
              'Does traffic reach these routes through the facade? strangler doctor tells whether facades are alive.',
          });
        await kit.pause(200);
      }
    }
    const row = await kit.row(definition);
    const routes = await control.shadow.counts(options.context, row.epoch);
    return {
      context: options.context,
      stage: row.stage,
      routes,
      samples: await control.shadow.samples(options.context, { limit: 10 }),
      traffic: await control.identities.of(options.context, 24),
    };
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    if (options.sample === undefined)
      return planned([options.reset ? 'forget counts and samples' : 'show counts and samples']);
    requireShares(kit.flagWriter(), [options.sample]);
    const flags = readRoutes(definition).map((route) => ({
      action: options.sample === 0 ? 'turn off flag' : `set flag to ${options.sample} %`,
      detail: shadowFlagName(options.context, route.name),
    }));
    const row = await kit.row(definition);
    if (options.sample === 0 || (row.stage !== 'monolith' && row.stage !== 'replicating'))
      return planned(flags);
    const decision = await decideMove(kit, definition, 'shadow');
    return planned(
      [...flags, 'set stage shadowing'],
      refusalOf(definition, 'shadow', decision, options.force),
    );
  },
};
