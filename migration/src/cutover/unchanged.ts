import { type Direction, sourceOf, StranglerError } from '@strangler-toolkit/plan';
import type { Identity } from '../identity/identity.ts';
import { carrierPlace } from '../identity/read-carrier.ts';
import { isEmpty, readIdentity } from '../identity/read-identity.ts';
import { changesText, whatChanged } from '../identity/what-changed.ts';
import { readIdentityRow, writeIdentityRow } from '../replica/identities.ts';
import { guarded } from '../replica/move-guards.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { from, type MoveState, type MoveStep, to } from './move-state.ts';
import { databaseName } from './old-stream.ts';
import { mappingOf } from './sequence-step.ts';

async function look(move: MoveState, direction: Direction): Promise<Identity> {
  const source = await move.sides.client(sourceOf(direction));
  const names = replicationNames(move.definition.context, direction, await databaseName(source));
  return readIdentity({
    monolith: await move.sides.client('monolith'),
    service: await move.sides.client('service'),
    mapping: await mappingOf(move),
    direction,
    publication: names.publication,
    carrier: carrierPlace(move.transport.carrier, names),
  });
}

/**
 * The tables are those whose rows the stream brought. The worker looks every two seconds; a move looks itself, and once more
 * behind its fence, where nothing can change any more.
 * @throws StranglerError IDENTITY_CHANGED, WORKER_NOT_RUNNING
 */
export async function requireUnchanged(move: MoveState): Promise<void> {
  const { plan, definition } = move;
  const stored = await readIdentityRow<Identity>(await to(move), {
    context: definition.context,
    direction: plan.closing,
  });
  if (stored?.epoch !== move.epoch)
    throw new StranglerError(
      'WORKER_NOT_RUNNING',
      `no worker of this release wrote down what the rows of the ${plan.to} rest on in epoch ${move.epoch}`,
    );
  const now = await look(move, plan.closing);
  const changes = [];
  for (const change of whatChanged(stored.identity, now)) {
    if (change.severity === 'void') continue;
    const leaf = change.newLeaf;
    if (leaf && (await isEmpty(await move.sides.client(leaf.side), leaf.oid))) continue;
    changes.push(change);
  }
  move.identity = now;
  if (changes.length === 0) return;
  throw new StranglerError(
    'IDENTITY_CHANGED',
    `rows of ${definition.context} may differ: ${changesText(changes)}. Nothing was changed`,
    {
      ...(changes.every(({ severity }) => severity === 'reread') && {
        remedy:
          `The worker is reading it again: strangler status ${definition.context} tells when it is done. ` +
          'A worker that runs with an older context file has to be started anew.',
      }),
    },
  );
}

/**
 * Behind the fence nothing of it can change any more. What is there is what the stream of the next epoch begins with, should
 * the owner change; otherwise the next move overwrites it.
 */
export const unchanged: MoveStep = {
  name: 'unchanged',
  phase: 'before',
  async execute(move) {
    await requireUnchanged(move);
    const identity = await look(move, move.plan.opening);
    const client = await from(move);
    await guarded(client, move.guard, () =>
      writeIdentityRow(
        client,
        { context: move.definition.context, direction: move.plan.opening },
        { epoch: move.epoch + 1, identity },
      ),
    );
    return {};
  },
  async dryRun(move) {
    await requireUnchanged(move);
    return {};
  },
};
