import { setTimeout as delay } from 'node:timers/promises';
import { guarded } from '../replica/move-guards.ts';
import { noteOwner, type OwnerNote } from '../replica/owners.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { from, type MoveState } from './move-state.ts';

/** Who owns after the flip, as both data databases are told. */
export async function newOwner(move: MoveState): Promise<OwnerNote & { readonly context: string }> {
  const { context } = move.definition;
  const { startLsn } = await move.control.contexts.require(context);
  return { context, owner: move.plan.to, epoch: move.epoch + 1, startLsn };
}

/** From here on nobody can open the old owner's side again in the name of the old epoch, whatever the control database says. */
export async function tellOldOwner(move: MoveState): Promise<void> {
  const note = await newOwner(move);
  const client = await from(move);
  await installReplicaSchema(client);
  await guarded(client, move.guard, () => noteOwner(client, note.context, note));
}

/** Before the new owner opens, but no write waits long for an old owner that does not answer: it is told again at the end. */
export const tellOldOwnerFirst = (move: MoveState): Promise<unknown> =>
  Promise.race([tellOldOwner(move).catch(() => undefined), delay(2000, undefined, { ref: false })]);
