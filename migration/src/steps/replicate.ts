import {
  directionFrom,
  type MigrationDefinition,
  otherSide,
  StranglerError,
} from '@strangler-toolkit/plan';
import { replicationNames } from '../stream/source/replication-names.ts';
import { contextTables, installFence, recoverMove, requireSidesAgree } from '../cutover/index.ts';
import { databaseName } from '../database/connect.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { throwIfCancelled } from '../pause.ts';
import { runWorker, type WorkerProgress } from '../worker/index.ts';
import { decideMove, enterStage, type ForceOptions, passGates, refusalOf } from './gated-move.ts';
import { restart } from './restart.ts';
import { planned, type Step } from './step.ts';
import { streamEnds } from './stream-ends.ts';
import type { Toolkit } from './toolkit.ts';

export interface ReplicateOptions extends ForceOptions {
  readonly context: string;
  /** Ends when the other side has applied everything. */
  readonly untilCaughtUp?: boolean;
  /**
   * While the monolith owns: forgets the position and the copied rows and copies anew. While the service owns: lets the stream
   * back to the monolith begin anew; no row of either side goes.
   */
  readonly restart?: boolean;
  /** Publishes and compares again what changed without an event, instead of stopping. */
  readonly reread?: boolean;
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
  if (definition.data !== 'replicated') {
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${definition.context} has data '${definition.data}': it has nothing to replicate`,
      { remedy: `Go on with: strangler shadow ${definition.context}` },
    );
  }
}

/** The target is fenced from the start: only replication may write there until it owns the data. */
async function beginReplication(
  kit: Toolkit,
  definition: MigrationDefinition,
  options: ReplicateOptions,
): Promise<void> {
  const control = await kit.control();
  await control.contexts.register(definition.context, definition.data);
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

/** Runs until Ctrl-C, or until everything is applied. */
async function work(
  kit: Toolkit,
  definition: MigrationDefinition,
  { untilCaughtUp = false, reread = false }: Pick<ReplicateOptions, 'untilCaughtUp' | 'reread'>,
): Promise<boolean> {
  const control = await kit.control();
  const places = { ...kit.databaseUrls(definition), transport: kit.transport(definition) };
  const enough = new AbortController();
  const signal = AbortSignal.any([kit.signal, enough.signal]);
  const running = runWorker({
    definition,
    controlUrl: kit.controlUrl,
    ...places,
    reread,
    signal,
    onProgress: (progress) =>
      kit.tell('worker', describe(progress), progress.phase === 'failed' ? 'note' : 'update'),
    onDifference: (differences) => {
      for (const line of differences) kit.tell('connector', line, 'note');
    },
    recover: async () => {
      await recoverMove({ definition, control, ...places, actor: 'worker' });
    },
  });
  if (!untilCaughtUp) {
    await running;
    return false;
  }
  let over = false;
  const ended = running.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  // A lag of less than a second on a watermark that was taken after the start: everything from before is applied.
  const begin = await control.now();
  for (;;) {
    if (over) {
      await ended;
      throwIfCancelled(kit.signal);
      return false;
    }
    const row = await control.contexts.require(definition.context);
    const watermark = await control.watermarks.get(definition.context, directionFrom(row.owner));
    if (
      watermark &&
      watermark.epoch === row.epoch &&
      watermark.appliedAt !== null &&
      watermark.appliedAt > begin &&
      watermark.state !== 'copying'
    )
      break;
    if (kit.signal.aborted) break;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  enough.abort();
  await ended;
  throwIfCancelled(kit.signal);
  return true;
}

const seconds = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? '?'
    : value < 90
      ? `${Math.round(value)} s`
      : `${Math.round(value / 60)} min`;

function describe(progress: WorkerProgress): string {
  switch (progress.phase) {
    case 'standby':
      return 'another worker is alive; this one stands by';
    case 'waiting':
      return 'nothing to replicate at this stage; waiting';
    case 'failed':
      return `${progress.code ?? ''}: ${progress.message ?? ''}`;
    case 'copying': {
      const { rowsCopied = 0, rowsEstimated = 0 } = progress;
      const share =
        rowsEstimated > 0
          ? `${Math.min(100, Math.round((100 * rowsCopied) / rowsEstimated))} %`
          : '';
      return (
        `copying ${progress.table ?? ''}: ${rowsCopied} rows ${share}, ` +
        `${Math.round(progress.rowsPerSecond ?? 0)} rows/s, ${seconds(progress.etaSeconds)} to go`
      );
    }
    case 'streaming':
      return (
        `${progress.direction ?? ''}: ${progress.caughtUp ? 'caught up' : 'streaming'}, ` +
        `${progress.rowsApplied ?? 0} rows applied, lag ${(progress.lagSeconds ?? 0).toFixed(2)} s` +
        (progress.deadLetters ? `, ${progress.deadLetters} dead letters` : '') +
        (progress.held === undefined ? '' : `; reading again: ${progress.held}`)
      );
    default:
      return progress.phase satisfies never;
  }
}

export const replicate: Step<ReplicateOptions, ReplicateResult> = {
  async execute(kit, options) {
    const definition = await kit.definition(options.context);
    assertReplicated(definition);
    const control = await kit.control();
    const before = await kit.row(definition);
    if (before.stage === 'retired')
      throw new StranglerError(
        'MOVE_NOT_ALLOWED',
        `${options.context} is retired: nothing is replicated any more`,
      );
    if (before.stage === 'monolith') await beginReplication(kit, definition, options);
    if (options.restart) await restart(kit, definition);
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
    const row = await kit.row(definition);
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
      return planned([
        ...(options.restart && row.owner === 'service'
          ? ['begin the stream back to the monolith anew; no row of either side goes']
          : []),
        ...(options.restart && row.owner === 'monolith'
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
      ]);
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
