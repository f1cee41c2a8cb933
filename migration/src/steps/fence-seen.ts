import {
  bothSides,
  type MigrationDefinition,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import { guarded } from '../replica/move-guards.ts';
import { countAsSeen, readRefusals, type Refusals } from '../replica/refusals.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { assertReplicated } from './fence.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface FenceSeenOptions {
  readonly context: string;
  /** Who it was, and why it comes no more; journaled. */
  readonly reason: string;
}

export interface FenceSeenResult extends FenceSeenOptions {
  readonly epoch: number;
  /** What counts as seen from here on. */
  readonly monolith: Refusals;
  readonly service: Refusals;
}

async function asked(
  kit: Toolkit,
  { context, reason }: FenceSeenOptions,
): Promise<MigrationDefinition> {
  if (reason.trim() === '')
    throw new StranglerError('USAGE', '--reason "who it was" must say something: it is journaled');
  const definition = await kit.definition(context);
  assertReplicated(definition);
  return definition;
}

/**
 * A person looked at what the fences refused in this epoch: the journal keeps it, and the gate of `retire` counts from here on.
 * Each side's counters change only when the journal has what they said.
 */
export const fenceSeen: Step<FenceSeenOptions, FenceSeenResult> = {
  async execute(kit, options) {
    const { context, reason } = options;
    const definition = await asked(kit, options);
    const control = await kit.control();
    return kit.withLease(context, 'fence seen', async (lease) => {
      const { epoch } = await kit.row(definition);
      const seen = (side: Side): Promise<Refusals> =>
        kit.withDatabase(definition, side, async (client) => {
          await installReplicaSchema(client, 'fences');
          return guarded(client, undefined, async () => {
            const refusals = await countAsSeen(client, context);
            await lease.check();
            await control.journal.append({
              context,
              actor: kit.actor,
              step: 'fence-seen',
              status: 'done',
              epoch,
              detail: { side, reason, ...refusals },
            });
            return refusals;
          });
        });
      return {
        ...options,
        epoch,
        monolith: await seen('monolith'),
        service: await seen('service'),
      };
    });
  },
  async dryRun(kit, options) {
    const definition = await asked(kit, options);
    const told = [];
    for (const side of bothSides) {
      const { refused } = await kit.withDatabase(definition, side, (client) =>
        readRefusals(client, options.context),
      );
      told.push(
        `count ${refused} writes that were refused on the ${side} as seen, and journal them`,
      );
    }
    return planned(told);
  },
};
