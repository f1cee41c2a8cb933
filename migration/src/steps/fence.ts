import {
  isOneWay,
  type MigrationDefinition,
  replicates,
  type Side,
  StranglerError,
} from '@strangler-toolkit/plan';
import {
  contextTables,
  type FenceStatus,
  fenceStatus,
  installFence,
  removeFence,
  strayWriters,
  type StrayWriter,
} from '../cutover/index.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { tidyStrays } from '../replica/tidy-strays.ts';
import { type ForgottenRoutes, forgottenRoutes } from './routes/forgotten-routes.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface FenceStepOptions {
  readonly context: string;
  readonly action: 'on' | 'off' | 'status';
}

export interface LoggedWriter extends StrayWriter {
  readonly side: Side;
}

export interface FenceResult {
  readonly context: string;
  readonly epoch: number;
  readonly monolith: FenceStatus;
  readonly service: FenceStatus;
  /** Who wrote while an audit fence stood, of all epochs. */
  readonly strayWriters: readonly LoggedWriter[];
  /** Requests that are no writes of the context and wrote its tables; `null` while the service owns it. */
  readonly forgotten: ForgottenRoutes | null;
}

/** @throws StranglerError MOVE_NOT_ALLOWED */
export const assertReplicated = (definition: MigrationDefinition): void => {
  if (!replicates(definition.data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': it has no tables to fence`,
    );
};

/** An audit fence finds writers that a cutover would refuse, and there is none. */
function refuseOneWay({ context, data }: MigrationDefinition): void {
  if (isOneWay(data))
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${context} has data '${data}': the monolith goes on writing its tables, so no write to them is a stray one`,
    );
}

async function lookAtFences(kit: Toolkit, definition: MigrationDefinition): Promise<FenceResult> {
  const { context } = definition;
  const look = (side: Side) =>
    kit.withDatabase(definition, side, async (client) => ({
      fence: await fenceStatus(client, context, contextTables(definition)[side]),
      strays: (await strayWriters(client, context)).map((stray) => ({ side, ...stray })),
    }));
  const row = await kit.row(definition);
  const monolith = await look('monolith');
  const service = await look('service');
  return {
    context,
    epoch: row.epoch,
    monolith: monolith.fence,
    service: service.fence,
    strayWriters: [...monolith.strays, ...service.strays],
    forgotten: await forgottenRoutes(kit, definition, row),
  };
}

/** The audit fence: it logs who writes to the monolith's tables past the facade, and refuses nobody. */
export const fenceAudit: Step<FenceStepOptions, FenceResult> = {
  async execute(kit, { context, action }) {
    const definition = await kit.definition(context);
    assertReplicated(definition);
    const tables = contextTables(definition);
    if (action === 'on') refuseOneWay(definition);
    if (action !== 'status') {
      const control = await kit.control();
      await kit.withLease(context, `fence audit ${action}`, async (lease) => {
        const row = await kit.row(definition);
        if (row.owner !== 'monolith')
          throw new StranglerError(
            'MOVE_NOT_ALLOWED',
            `the service owns ${context}: the monolith's tables are fenced for good, an audit fence would open them`,
          );
        await lease.check();
        await kit.withDatabase(definition, 'monolith', async (client) => {
          const standing = await fenceStatus(client, context, tables.monolith);
          if (standing.mode === 'refuse')
            throw new StranglerError(
              'MOVE_NOT_ALLOWED',
              `the monolith's tables of ${context} are fenced by a move that did not end`,
              { remedy: `Run strangler cutover ${context} again: it finishes or undoes the move.` },
            );
          await installReplicaSchema(client);
          const note = { context, owner: row.owner, epoch: row.epoch, startLsn: null };
          if (action === 'on')
            await installFence(
              client,
              {
                context,
                tables: tables.monolith,
                owner: 'monolith',
                mode: 'audit',
                epoch: row.epoch,
              },
              { signal: kit.signal, note },
            );
          else await removeFence(client, context, { signal: kit.signal, note });
          await tidyStrays(client, context);
        });
        await control.journal.append({
          context,
          actor: kit.actor,
          step: `fence-audit-${action}`,
          status: 'done',
        });
      });
    }
    return lookAtFences(kit, definition);
  },
  async dryRun(kit, { context, action }) {
    const definition = await kit.definition(context);
    assertReplicated(definition);
    if (action === 'on') refuseOneWay(definition);
    const names = contextTables(definition)
      .monolith.map((table) => `${table.schema}.${table.table}`)
      .join(', ');
    return planned([
      action === 'on'
        ? { action: 'log every write that does not come through replication', detail: names }
        : action === 'off'
          ? { action: 'remove the audit fence', detail: names }
          : 'show the fences',
    ]);
  },
};
