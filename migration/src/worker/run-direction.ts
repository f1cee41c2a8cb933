import type pg from 'pg';
import type { Direction } from '../apply/interpret-event.ts';
import { classifyFailure } from '../apply/classify-error.ts';
import { openStreamRow, readStreamRow } from '../apply/stream-row.ts';
import type { ContextRow, Control } from '../control/index.ts';
import { connect, databaseName } from '../database/connect.ts';
import { lsnFromText } from '../database/lsn.ts';
import { installSupportSchema } from '../database/support-schema.ts';
import { isStranglerError, StranglerError } from '../errors.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { loadMapping } from '../mapping/load.ts';
import { replicationNames } from '../stream/index.ts';
import { copyInitially, needsCopy } from './prepare-forward.ts';
import { runStream } from './run-stream.ts';
import type { WorkerOptions } from './worker-options.ts';
import { asSchemaChange, requirePublished } from './schema-check.ts';

/** One direction of one epoch: from the connections to the end of the stream. */
export async function runDirection(options: WorkerOptions, control: Control, row: ContextRow, direction: Direction, workerId: string, signal: AbortSignal): Promise<void> {
  const { definition } = options;
  const clients: pg.Client[] = [];
  const open = async (url: string, role: string): Promise<pg.Client> => {
    const client = await connect(url, { applicationName: `strangler-${role}-${definition.context}` });
    clients.push(client);
    return client;
  };
  try {
    const [sourceUrl, targetUrl] = direction === 'forward' ? [options.monolithUrl, options.serviceUrl] : [options.serviceUrl, options.monolithUrl];
    const source = await open(sourceUrl, 'worker');
    const target = await open(targetUrl, 'apply');
    await installSupportSchema(source);
    await installSupportSchema(target);
    const [monolith, service] = direction === 'forward' ? [source, target] : [target, source];
    const copy = direction === 'forward' && (await needsCopy(target, definition.context));
    let mapping: CompiledMapping;
    try {
      mapping = await loadMapping(definition, monolith, service);
    } catch (error) {
      // before the copy a mapping that does not fit is a mistake in the file, afterwards a change of the tables
      throw copy ? error : asSchemaChange(error);
    }
    const names = replicationNames(definition.context, direction, databaseName(sourceUrl));
    if (copy) {
      await copyInitially({
        control, context: definition.context, epoch: row.epoch, mapping, monolith, service, names, workerId, signal,
        monolithUrl: options.monolithUrl, serviceUrl: options.serviceUrl, parallel: options.parallel ?? 2, onProgress: options.onProgress ?? (() => undefined),
      });
    } else {
      await requirePublished({ direction, publication: names.publication, monolith, service }, mapping);
      await beginEpoch(target, row, direction);
    }
    await runStream({
      control, definition, mapping, direction, epoch: row.epoch, sourceUrl, source, target, workerId, signal,
      publication: names.publication, origin: replicationNames(definition.context, direction, databaseName(targetUrl)).origin,
      onProgress: options.onProgress ?? (() => undefined),
    });
  } catch (error) {
    if (signal.aborted) return;
    throw classifyFailure(error) === 'schema' && !isStranglerError(error) ? await explainSchema(options, error) : error;
  } finally {
    for (const client of clients) await client.end().catch(() => undefined);
  }
}

/** A stream of an older epoch goes on where the move that began this epoch said. */
async function beginEpoch(target: pg.Client, row: ContextRow, direction: Direction): Promise<void> {
  const stream = await readStreamRow(target, row.context, direction);
  if (stream !== null && stream.epoch >= BigInt(row.epoch)) return;
  if (row.startLsn === null) {
    throw new StranglerError('POSITION_GAP', `${row.context}: the control database does not say where the ${direction} stream of epoch ${row.epoch} begins`);
  }
  await openStreamRow(target, row.context, direction, BigInt(row.epoch), lsnFromText(row.startLsn));
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
  return new StranglerError('SCHEMA_CHANGED', `contexts/${options.definition.context}: the target's tables do not take the changes any more: ${message}`, { cause: error });
}
