import { bothSides, StranglerError } from '@strangler-toolkit/plan';
import { acceptedSubscriptions, readSubscriptions } from '../surroundings/subscriptions.ts';
import type { MoveState } from './move-state.ts';

/** Subscriptions at work that write to mapped tables, and of which the context file does not say that they do no harm. */
async function writing({ sides, definition }: MoveState): Promise<readonly string[]> {
  const found = await Promise.all(
    bothSides.map(async (side) => {
      const accepted = acceptedSubscriptions(definition, side);
      return (await readSubscriptions(await sides.client(side), side, definition))
        .filter(({ enabled, table }) => enabled && !accepted.has(table))
        .map(({ name, relation }) => `subscription ${name} writes ${relation} of the ${side}`);
    }),
  );
  return found.flat();
}

/** Where no gate asked for them, or somebody passed it by, those that are there are meant to be. */
export async function noteSubscriptions(move: MoveState): Promise<void> {
  move.subscriptions = move.plan.kind === 'cutover' && !move.forced ? [] : await writing(move);
}

/**
 * What a subscription writes passes the fence, and is sent to nobody: one that was made, or began to write, since the gates were
 * asked would take the owner into a table that changes behind its back.
 * @throws StranglerError GATE_REFUSED
 */
export async function assertNoNewSubscription(move: MoveState): Promise<void> {
  const known = move.subscriptions;
  if (known === undefined) return;
  const come = (await writing(move)).filter((one) => !known.includes(one));
  if (come.length === 0) return;
  // Who slept while others moved was overtaken: that is what it has to hear.
  await move.lease.check();
  throw new StranglerError(
    'GATE_REFUSED',
    `${move.definition.context}: ${come.join(', ')}, which it did not when the move began: row by row it passes the fence`,
    {
      remedy:
        'DROP SUBSCRIPTION, or ALTER SUBSCRIPTION … DISABLE, or say in the context file (subscriptions) why it does no harm; ' +
        `strangler verify ${move.definition.context} tells what it wrote. The owner stays.`,
      details: { subscriptions: come },
    },
  );
}
