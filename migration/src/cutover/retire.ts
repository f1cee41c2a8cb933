import { forgetDeadLetters } from '../replica/dead-letters.ts';
import { forgetProbes } from '../replica/probe.ts';
import { forgetIdentities } from '../replica/identities.ts';
import { closeStream, forgetStreams } from '../replica/streams.ts';
import { randomUUID } from 'node:crypto';
import { bothSides, StranglerError } from '@strangler-toolkit/plan';
import type { Client } from 'pg';
import type { Lease } from '../control/index.ts';
import { contextTables } from './context-tables.ts';
import type { MoveOptions } from './cutover.ts';
import { installFenceSchema } from '../replica/fences.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { dropLists } from '../lists/keep-lists.ts';
import { type FenceOptions, installFence, removeFence } from './fence.ts';
import { guarded, type MoveGuard } from '../replica/move-guards.ts';
import { takeNumber } from './move-record.ts';
import { type Detail, streamSource } from './move-state.ts';
import { dropOrigin, dropStream } from './old-stream.ts';
import { recoverUnderLease } from './recover.ts';
import { asStranglerError, type StepResult } from './run-move.ts';
import { SideConnections } from './side-connections.ts';

export type TeardownOptions = Pick<
  MoveOptions,
  | 'definition'
  | 'control'
  | 'monolithUrl'
  | 'serviceUrl'
  | 'transport'
  | 'actor'
  | 'lease'
  | 'dryRun'
>;

export interface TeardownResult {
  readonly outcome: 'done' | 'refused' | 'unfinished' | 'planned';
  readonly error?: StranglerError;
  readonly steps: readonly StepResult[];
}

/** In whose name fences are changed. */
type FenceNote = NonNullable<FenceOptions['note']>;

interface Work {
  readonly name: string;
  readonly says: string;
  run(tools: { sides: SideConnections; guard: MoveGuard; note: FenceNote }): Promise<Detail>;
}

async function installTeardownSchema(client: Client, context: string): Promise<void> {
  await installReplicaSchema(client);
  await installFenceSchema(client, context);
}

async function teardown(
  kind: 'retire' | 'abandon',
  options: TeardownOptions,
  changeStage: (lease: Lease) => Promise<void>,
  works: readonly Work[],
): Promise<TeardownResult> {
  const { control, definition, actor } = options;
  if (options.dryRun)
    return {
      outcome: 'planned',
      steps: works.map((work) => ({
        step: work.name,
        status: 'planned',
        seconds: 0,
        detail: { would: work.says },
      })),
    };
  const sides = new SideConnections({ monolith: options.monolithUrl, service: options.serviceUrl });
  const steps: StepResult[] = [];
  let lease: Lease | undefined;
  let begun = false;
  try {
    lease =
      options.lease ??
      (await control.leases.acquire({ context: definition.context, holder: actor, move: kind }));
    const recovered = await recoverUnderLease(options, lease);
    if (recovered.outcome === 'unfinished')
      return { outcome: 'refused', error: recovered.error, steps };
    const moveId = randomUUID();
    const { epoch, owner } = await control.contexts.require(definition.context);
    const guard = await takeNumber(control, lease, {
      moveId,
      actor,
      step: kind,
      epoch,
      detail: {},
    });
    await changeStage(lease);
    begun = true;
    for (const side of bothSides)
      await installTeardownSchema(await sides.client(side), definition.context);
    const note = { context: definition.context, owner, epoch, startLsn: null };
    for (const work of works) {
      await lease.check();
      const began = performance.now();
      const detail = await work.run({ sides, guard, note });
      steps.push({
        step: work.name,
        status: 'done',
        seconds: (performance.now() - began) / 1000,
        detail,
      });
      await control.journal.append({
        context: definition.context,
        actor,
        moveId,
        step: work.name,
        status: 'done',
        detail,
      });
    }
    await control.journal.append({
      context: definition.context,
      actor,
      moveId,
      step: kind,
      status: 'done',
    });
    return { outcome: 'done', steps };
  } catch (error) {
    return {
      outcome: begun ? 'unfinished' : 'refused',
      error: asStranglerError(error, kind),
      steps,
    };
  } finally {
    if (!options.lease) await lease?.release().catch(() => {});
    await sides.close();
  }
}

/** First the stage, which stops the worker; each piece of work is idempotent, so a rerun after a crash finishes it. */
async function enterStage(
  options: TeardownOptions,
  lease: Lease,
  stage: 'retired' | 'monolith',
  before: readonly ('service' | 'replicating')[],
): Promise<void> {
  const row = await options.control.contexts.require(options.definition.context);
  if (row.stage === stage) return;
  const expectedStage = before.find((name) => name === row.stage);
  if (expectedStage === undefined)
    throw new StranglerError(
      'MOVE_NOT_ALLOWED',
      `${options.definition.context} is at stage ${row.stage}; this needs stage ${before.join(' or ')}`,
    );
  await options.control.contexts.setStage({
    context: row.context,
    expectedStage,
    expectedEpoch: row.epoch,
    stage,
    leaseToken: lease.token,
  });
}

/** What kept arrays and rows alike goes; both stay as they are. */
const listWorks = ({ definition: { context, tables = [] } }: TeardownOptions): Work[] =>
  tables.some(({ service }) => service.some(({ list }) => list !== undefined))
    ? [
        {
          name: 'drop-lists',
          says: 'drop the triggers of the service database that keep arrays and the rows in them alike',
          run: async ({ sides, guard }) => {
            const client = await sides.client('service');
            return guarded(client, guard, async () => ({
              functions: await dropLists(client, context),
            }));
          },
        },
      ]
    : [];

/**
 * The service keeps the data for good: no stream back any more, so no way back. The gates are the caller's.
 *
 * A context's life could end with its fence dropped. But the fence of the monolith's tables goes with the tables: dropping a
 * table drops its triggers. As long as they exist they are a stale copy, and a forgotten writer that the fence no longer stopped
 * would fork the data silently. So retire leaves them fenced; archiving them is a migration of the monolith's own.
 */
export function retire(options: TeardownOptions): Promise<TeardownResult> {
  const { context } = options.definition;
  const tables = contextTables(options.definition);
  return teardown(
    'retire',
    options,
    (lease) => enterStage(options, lease, 'retired', ['service']),
    [
      {
        name: 'close-reverse',
        says: 'close the reverse stream on the monolith',
        run: async ({ sides, guard }) => {
          const client = await sides.client('monolith');
          return guarded(client, guard, async () => ({
            closed: await closeStream(client, { context, direction: 'reverse' }),
          }));
        },
      },
      {
        name: 'drop-reverse-stream',
        says: 'drop slot and publication of the reverse stream on the service database',
        run: async ({ sides, guard }) => {
          const dropped = await dropStream(
            await streamSource(sides, context, 'reverse'),
            options.transport,
            guard,
          );
          await options.control.watermarks.remove(context, 'reverse');
          return {
            ...dropped,
            origin: await dropOrigin(await sides.client('monolith'), context, 'reverse'),
          };
        },
      },
      {
        name: 'keep-monolith-fenced',
        says: 'keep refusing writes to the stale tables of the monolith',
        run: async ({ sides, guard, note }) => ({
          tables: (
            await installFence(
              await sides.client('monolith'),
              { context, tables: tables.monolith, owner: 'service', mode: 'refuse' },
              { guard, note },
            )
          ).tables,
        }),
      },
      ...listWorks(options),
      {
        name: 'drop-service-triggers',
        says: 'drop the lifted fence triggers of the service tables',
        run: async ({ sides, guard, note }) => ({
          tables: (
            await removeFence(await sides.client('service'), context, { guard, note, drop: true })
          ).tables,
        }),
      },
    ],
  );
}

/** Gives up before anything moved: from stage replicating back to monolith. The copied rows stay for whoever wants to look. */
export function abandon(options: TeardownOptions): Promise<TeardownResult> {
  const { context } = options.definition;
  return teardown(
    'abandon',
    options,
    (lease) => enterStage(options, lease, 'monolith', ['replicating']),
    [
      {
        name: 'drop-forward-stream',
        says: 'drop slot and publication of the forward stream on the monolith database',
        run: async ({ sides, guard }) => {
          const dropped = await dropStream(
            await streamSource(sides, context, 'forward'),
            options.transport,
            guard,
          );
          await options.control.watermarks.remove(context, 'forward');
          return {
            ...dropped,
            origin: await dropOrigin(await sides.client('service'), context, 'forward'),
          };
        },
      },
      {
        name: 'forget-position',
        says: 'delete positions, dead letters and probes of the context in the service database',
        run: async ({ sides, guard }) => {
          const client = await sides.client('service');
          return guarded(client, guard, async () => {
            await forgetStreams(client, context);
            await forgetIdentities(client, context);
            await forgetDeadLetters(client, context);
            await forgetProbes(client, context);
            return {};
          });
        },
      },
      ...listWorks(options),
      {
        name: 'drop-service-fence',
        says: 'drop the fence of the service tables',
        run: async ({ sides, guard, note }) => ({
          tables: (
            await removeFence(await sides.client('service'), context, { guard, note, drop: true })
          ).tables,
        }),
      },
    ],
  );
}
