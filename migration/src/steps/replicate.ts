import {
  directionFrom,
  type MigrationDefinition,
  otherSide,
  StranglerError,
  replicates,
  storedKind,
} from '@strangler-toolkit/plan';
import { replicationNames } from '../stream/source/replication-names.ts';
import { parseRate, requirePaceable } from '../copy/index.ts';
import { contextTables, installFence, requireSidesAgree } from '../cutover/index.ts';
import { databaseName } from '../database/connect.ts';
import { serverVersion } from '../database/server-version.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { decideMove, enterStage, type ForceOptions, passGates, refusalOf } from './gated-move.ts';
import { readUnder, refuseOwned } from './references.ts';
import { rebuild, requireProjection, requireWholeSources, sourcesOf } from './rebuild.ts';
import { restart } from './restart.ts';
import { planned, type Step } from './step.ts';
import { streamEnds } from './stream-ends.ts';
import type { Toolkit } from './toolkit.ts';
import { work } from './work.ts';

export interface ReplicateOptions extends ForceOptions {
  readonly context: string;
  /** Ends when the other side has applied everything. */
  readonly untilCaughtUp?: boolean;
  /**
   * While the monolith owns: forgets the position and the copied rows and copies anew. While the service owns: lets the stream
   * back to the monolith begin anew; no row of either side goes.
   */
  readonly restart?: boolean;
  /** Of a projection: empties it with what only it reads, and copies all of it anew. */
  readonly rebuild?: boolean;
  /** Publishes and compares again what changed without an event or came to the mapping, instead of stopping. */
  readonly reread?: boolean;
  /** Most that the initial copy reads of the monolith in a second: `20000rows`, `5MB`. */
  readonly maxRate?: string;
}

export interface ReplicateResult {
  readonly context: string;
  readonly stage: string;
  readonly direction: 'forward' | 'reverse';
  readonly caughtUp: boolean;
  readonly rowsApplied: number;
  readonly lagSeconds: number | null;
}

function assertReplicated(definition: MigrationDefinition): void {
  if (!replicates(definition.data)) {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': it has nothing to replicate`,
      { remedy: `Go on with: strangler shadow ${definition.context}` },
    );
  }
}

/** Before anything is made. */
async function assertRate(
  kit: Toolkit,
  definition: MigrationDefinition,
  { maxRate }: ReplicateOptions,
): Promise<void> {
  if (maxRate === undefined) return;
  parseRate(maxRate);
  await kit.withDatabase(definition, 'monolith', async (client) =>
    requirePaceable(await serverVersion(client)),
  );
}

/** The target is fenced from the start: only replication may write there until it owns the data. */
async function beginReplication(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ReplicateOptions,
): Promise<void> {
  const control = await kit.control();
  await control.contexts.register(definition.context, storedKind(definition.data));
  await kit.withLease(definition.context, 'replicate', async (lease) => {
    const decision = await passGates(kit, definition, 'replicate', options);
    await requireSidesAgree({ definition, control, ...kit.databaseUrls(definition) });
    const { epoch } = await control.contexts.require(definition.context);
    await kit.transport(definition).assertUsable(streamEnds(kit, definition, 'forward'));
    kit.tell('fence', `fence the service's tables: only replication writes to them`, 'started');
    await kit.withDatabase(definition, 'service', async (client) => {
      await installReplicaSchema(client);
      await installFence(
        client,
        {
          context: definition.context,
          tables: contextTables(definition).service,
          owner: 'monolith',
          mode: 'refuse',
        },
        {
          signal: kit.signal,
          note: { context: definition.context, owner: 'monolith', epoch, startLsn: null },
        },
      );
    });
    kit.tell('fence', "the service's tables are fenced", 'done');
    await enterStage(kit, definition, { decision, lease });
  });
}

/** A table that took another one's place has no fence yet. */
async function fenceAgain(kit: Toolkit, definition: MigrationDefinition): Promise<void> {
  const { context } = definition;
  const { owner } = await (await kit.control()).contexts.require(context);
  const side = otherSide(owner);
  await kit.withLease(context, 'reread', () =>
    kit.withDatabase(definition, side, async (client) => {
      await installReplicaSchema(client);
      const tables = contextTables(definition)[side];
      await installFence(
        client,
        { context, tables, owner, mode: 'refuse' },
        { signal: kit.signal },
      );
    }),
  );
}

/** What is copied anew beside its own tables. */
const rebuildPlan = async (kit: Toolkit, definition: MigrationDefinition) =>
  (await sourcesOf(kit, definition)).own.map((one) => ({
    action: `empty and copy ${one.context}, which only it reads`,
    detail: contextTables(one)
      .service.map((table) => `${table.schema}.${table.table}`)
      .join(', '),
  }));

export const replicate: Step<ReplicateOptions, ReplicateResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    assertReplicated(definition);
    if (options.rebuild) requireProjection(definition);
    await assertRate(kit, definition, options);
    const control = await kit.control();
    const before = await kit.row(definition);
    refuseOwned(definition, before);
    if (before.stage === 'retired')
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${options.context} is retired: nothing is replicated any more`,
      );
    if (before.stage === 'monolith') await beginReplication(kit, definition, options);
    if (options.rebuild) await rebuild(kit, definition);
    else await requireWholeSources(kit, definition);
    if (options.restart) await restart(kit, definition, options);
    else if (options.reread) await fenceAgain(kit, definition);
    const caughtUp = await work(kit, definition, options);
    const row = await control.contexts.require(options.context);
    const direction = directionFrom(row.owner);
    const watermark = await control.watermarks.get(options.context, direction);
    return {
      context: options.context,
      stage: row.stage,
      direction,
      caughtUp,
      rowsApplied: watermark?.rowsApplied ?? 0,
      lagSeconds: watermark?.lagSeconds ?? null,
    };
  },
  async dryRun(kit, options) {
    const definition = await kit.definition(options.context);
    assertReplicated(definition);
    if (options.rebuild) requireProjection(definition);
    await assertRate(kit, definition, options);
    const row = await kit.row(definition);
    refuseOwned(definition, row);
    const tables = contextTables(definition);
    const names = (side: 'monolith' | 'service'): string =>
      tables[side].map((table) => `${table.schema}.${table.table}`).join(', ');
    const carrier = await kit
      .transport(definition)
      .plan(streamEnds(kit, definition, directionFrom(row.owner)), {
        begun: row.stage !== 'monolith',
      });
    const stream = [
      {
        action: 'make publication and replication slot on the monolith',
        detail: replicationNames(
          options.context,
          'forward',
          databaseName(kit.databaseUrl(definition, 'monolith')),
        ).slot,
      },
      {
        action: 'copy the tables, then stream their changes',
        detail: `${names('monolith')} → ${names('service')}`,
      },
    ];
    if (row.stage !== 'monolith') {
      const refusal =
        options.restart && !options.force ? await readUnder(kit, definition) : undefined;
      const steps = [
        ...(options.restart && row.owner === 'service'
          ? ['begin the stream back to the monolith anew; no row of either side goes']
          : []),
        ...(options.rebuild ? await rebuildPlan(kit, definition) : []),
        ...((options.restart || options.rebuild) && row.owner === 'monolith'
          ? [
              {
                action: "empty the service's tables and forget the position",
                detail: names('service'),
              },
              ...stream,
            ]
          : []),
        ...(options.reread
          ? [{ action: 'publish and compare again what changed without an event' }]
          : []),
        ...carrier,
        { action: `run the worker (${directionFrom(row.owner)})` },
      ];
      return planned(steps, refusal && { code: refusal.code, message: refusal.message });
    }
    const decision = await decideMove(kit, definition, 'replicate');
    return planned(
      [
        { action: "fence the service's tables", detail: names('service') },
        { action: 'set stage replicating' },
        ...stream,
        ...carrier,
      ],
      refusalOf(definition, 'replicate', decision, options.force),
    );
  },
};
