import {
  type Direction,
  endsOf,
  isStranglerError,
  sidesOf,
  sourceOf,
  StranglerError,
} from '@strangler-toolkit/plan';
import type pg from 'pg';
import { classifyFailure } from '../apply/classify-error.ts';
import { openStreamRow, readStreamRow } from '../replica/streams.ts';
import type { ContextRow, Control } from '../control/index.ts';
import { connect, databaseName } from '../database/connect.ts';
import { currentLsn } from '../database/current-lsn.ts';
import { lsnFromText } from '../database/lsn.ts';
import { installReplicaSchema } from '../replica/schema.ts';
import { requireAgreement, tellOwner } from '../ownership/require-agreement.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { keepLists } from '../lists/keep-lists.ts';
import { loadMapping } from '../mapping/load.ts';
import { requireSameHistory } from '../stream/source/require-same-history.ts';
import { withStreamLock } from '../stream/source/stream-lock.ts';
import {
  ensurePublication,
  publicationDifference,
  replicationNames,
  type SourceTable,
  type StreamSource,
} from '../stream/index.ts';
import { copyInitially, needsCopy } from './prepare-forward.ts';
import { publishedTables } from './published-tables.ts';
import { applierName, runStream } from './run-stream.ts';
import type { WorkerFailure } from './still-failing.ts';
import type { WorkerOptions } from './worker-options.ts';
import { asSchemaChange, checkFit, requirePublished } from './schema-check.ts';
import type { Identity } from '../identity/identity.ts';
import { carrierPlace } from '../identity/read-carrier.ts';
import { isEmpty, readIdentity } from '../identity/read-identity.ts';
import { whatChanged } from '../identity/what-changed.ts';
import { readIdentityRow, writeIdentityRow } from '../replica/identities.ts';
import { openWritersEnded } from './open-writers.ts';
import { publishAgain } from './publish-again.ts';
import { noteComing, requireAccepted } from './require-accepted.ts';
import { reread } from './reread.ts';
import { tidying, watchFence } from './watch-fence.ts';
import { writeStatistics } from './write-statistics.ts';

export interface DirectionRun {
  readonly control: Control;
  readonly row: ContextRow;
  readonly direction: Direction;
  readonly workerId: string;
  /** Why the stream before this one ended. */
  readonly failure: WorkerFailure | undefined;
  readonly signal: AbortSignal;
  /** @throws when another worker or another epoch took over */
  readonly stillMine: () => Promise<void>;
}

/** One direction of one epoch: from the connections to the end of the stream. */
export async function runDirection(
  options: WorkerOptions,
  { control, row, direction, workerId, failure, signal, stillMine }: DirectionRun,
): Promise<void> {
  const { definition, transport } = options;
  const clients: pg.Client[] = [];
  const ending = new AbortController();
  let statistics: Promise<void> | undefined;
  const open = async (url: string, applicationName: string): Promise<pg.Client> => {
    const client = await connect(url, { applicationName });
    clients.push(client);
    return client;
  };
  try {
    const urls = endsOf(direction, {
      monolith: options.monolithUrl,
      service: options.serviceUrl,
    });
    const client = await open(urls.source, `strangler-worker-${definition.context}`);
    const target = await open(urls.target, applierName(definition.context));
    await installReplicaSchema(client);
    await installReplicaSchema(target);
    const { monolith, service } = sidesOf(direction, client, target);
    const sides = { monolith: async () => monolith, service: async () => service };
    const notes = await requireAgreement(control, row, sides).catch(async (error: unknown) => {
      // of the owner before, where one has changed meanwhile
      await stillMine();
      throw error;
    });
    if (notes !== null) await tellOwner(row, notes, sides);
    const copy = direction === 'forward' && (await needsCopy(target, definition.context));
    const source: StreamSource = {
      context: definition.context,
      direction,
      url: urls.source,
      client,
    };
    // Before anything else: in another history tables, slot and positions mean something else.
    if (!copy) await requireSameHistory(source, target, BigInt(row.epoch));
    let mapping: CompiledMapping;
    try {
      mapping = await loadMapping(definition, monolith, service);
    } catch (error) {
      // before the copy a mapping that does not fit is a mistake in the file, afterwards a change of the tables
      throw copy ? error : asSchemaChange(error);
    }
    const names = replicationNames(definition.context, direction, databaseName(urls.source));
    const tables = publishedTables(mapping, sourceOf(direction), transport.ownTables);
    // Connections of its own: a look must neither wait for the applier nor hold it up.
    const name = `strangler-identity-${definition.context}`.slice(0, 63);
    const looking = {
      source: await open(urls.source, name),
      target: await open(urls.target, name),
    };
    const place = {
      ...(direction === 'forward'
        ? { monolith: looking.source, service: looking.target }
        : { monolith: looking.target, service: looking.source }),
      mapping,
      direction,
      publication: names.publication,
      carrier: carrierPlace(transport.carrier, names),
    };
    const key = { context: definition.context, direction };
    const tidy = tidying(looking.source, definition.context, options.onFence);
    const look = async (): Promise<Identity> => {
      await watchFence(looking.target, definition.context, options.onFence);
      await tidy();
      return readIdentity(place);
    };
    await installReplicaSchema(looking.target, 'fences');
    await watchFence(looking.target, definition.context, options.onFence);
    const lists = await keepLists(service, mapping, { rebuild: !copy && direction === 'forward' });
    if (lists.length > 0 && direction === 'reverse')
      options.onNote?.(
        `${lists.join(', ')} and the rows in it were not kept alike until now: strangler verify ${definition.context}`,
      );
    if (copy) {
      await copyInitially({
        control,
        definition,
        context: definition.context,
        epoch: row.epoch,
        mapping,
        transport,
        source,
        tables,
        stillMine,
        service,
        look: () => readIdentity(place),
        names,
        workerId,
        signal,
        monolithUrl: options.monolithUrl,
        serviceUrl: options.serviceUrl,
        parallel: options.parallel ?? 2,
        maxRate: options.maxRate,
        onProgress: options.onProgress ?? (() => undefined),
        onNote: options.onNote ?? (() => undefined),
        onDifference: options.onDifference,
      });
      statistics = writeStatistics({
        serviceUrl: options.serviceUrl,
        mapping,
        signal: AbortSignal.any([signal, ending.signal]),
      }).catch(() => undefined);
    }
    const known = await readIdentityRow<Identity>(looking.target, key);
    const begun = known?.epoch === row.epoch ? known.identity : undefined;
    if (!copy) {
      const start = { ...place, ownTables: transport.ownTables };
      if (options.reread) {
        const again = { source, target, direction, names, tables, mapping, stillMine };
        if (begun !== undefined)
          await publishAgain(
            { ...again, known: begun },
            whatChanged(begun, await readIdentity(place)),
          );
        await requirePublished(start, mapping);
      } else
        await requireAccepted({ ...start, known: begun }).catch(async (error: unknown) => {
          // A move drops what its old stream needs.
          await stillMine();
          throw error;
        });
      await beginEpoch(target, row, direction);
    }
    await withStreamLock(source, 'session', async () => {
      await stillMine();
      await publishOwnTables(source, names.publication, tables);
      await transport.ensure(source, {
        tables,
        signal,
        ...(options.onDifference && { onDifference: options.onDifference }),
      });
    });
    // An older release wrote nothing down: what is there now is what there is to compare with later.
    const basis = begun ?? (await readIdentity(place));
    if (begun === undefined)
      await writeIdentityRow(looking.target, key, { epoch: row.epoch, identity: basis });
    else await noteComing(looking.target, { key, epoch: row.epoch, known: begun, mapping });
    await runStream({
      control,
      definition,
      mapping,
      direction,
      epoch: row.epoch,
      transport,
      source,
      tables,
      target,
      workerId,
      failure,
      planProblem: options.planProblem,
      signal,
      publication: names.publication,
      slot: names.slot,
      origin: replicationNames(definition.context, direction, databaseName(urls.target)).origin,
      onProgress: options.onProgress ?? (() => undefined),
      stillMine,
      watch: {
        known: basis,
        look,
        sourceLsn: () => currentLsn(looking.source),
        isEmpty: (side, oid) => isEmpty(place[side], oid),
        writersEnded: (during, onWait) => openWritersEnded(looking.source, during, onWait),
        checkFit: async () => void (await checkFit({ ...place, definition })),
        reread: async (scopes, during) =>
          reread(
            {
              mapping: await checkFit({ ...place, definition }),
              monolithUrl: options.monolithUrl,
              serviceUrl: options.serviceUrl,
              direction,
              signal: during,
              appliedPosition: async () =>
                (await readStreamRow(looking.target, definition.context, direction))?.position ??
                0n,
            },
            scopes,
          ),
        adopt: (identity) => writeIdentityRow(looking.target, key, { epoch: row.epoch, identity }),
        accepted: options.reread === true,
      },
    });
  } catch (error) {
    if (signal.aborted) return;
    throw classifyFailure(error) === 'schema' && !isStranglerError(error)
      ? await explainSchema(options, error)
      : error;
  } finally {
    ending.abort();
    await statistics;
    for (const client of clients) await client.end().catch(() => undefined);
  }
}

/** An older release, or another transport, published fewer of them; nothing of theirs can be missing. */
async function publishOwnTables(
  { client }: StreamSource,
  publication: string,
  tables: readonly SourceTable[],
): Promise<void> {
  const difference = await publicationDifference(client, publication, tables);
  if (difference !== null && difference.added.length > 0)
    await ensurePublication(client, publication, tables);
}

/** A stream of an older epoch goes on where the move that began this epoch said. */
async function beginEpoch(target: pg.Client, row: ContextRow, direction: Direction): Promise<void> {
  const stream = await readStreamRow(target, row.context, direction);
  if (stream !== null && stream.epoch >= BigInt(row.epoch)) return;
  if (row.startLsn === null) {
    throw new StranglerError(
      'POSITION_GAP',
      `${row.context}: the control database does not say where the ${direction} stream of epoch ${row.epoch} begins`,
    );
  }
  await openStreamRow(
    target,
    { context: row.context, direction: direction },
    { epoch: BigInt(row.epoch), position: lsnFromText(row.startLsn) },
  );
}

async function explainSchema(options: WorkerOptions, error: unknown): Promise<unknown> {
  const monolith = await connect(options.monolithUrl, { applicationName: 'strangler-schema' });
  try {
    const service = await connect(options.serviceUrl, { applicationName: 'strangler-schema' });
    try {
      await loadMapping(options.definition, monolith, service);
    } catch (better) {
      return asSchemaChange(better);
    } finally {
      await service.end().catch(() => undefined);
    }
  } finally {
    await monolith.end().catch(() => undefined);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new StranglerError(
    'SCHEMA_CHANGED',
    `contexts/${options.definition.context}: the target's tables do not take the changes any more: ${message}`,
    { cause: error },
  );
}
