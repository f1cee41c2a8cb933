import { Applier } from '../apply/applier.ts';
import { prepareApplySession } from '../apply/apply-session.ts';
import { classifyFailure } from '../apply/classify-error.ts';
import { CannotResume } from '../copy/index.ts';
import { connect, terminate } from '../database/connect.ts';
import { tableName } from '../mapping/compiled-mapping.ts';
import { pause, throwIfCancelled } from '../pause.ts';
import { copyStream, forgetManyKeys, noteCopyKeys } from '../replica/copy-progress.ts';
import { type Checkpoint, readStreamRow } from '../replica/streams.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { ChangeStream } from '../stream/change-stream.ts';
import type { CopyOptions } from './copy-options.ts';
import { checkRelation, checkSchema, type SchemaCheck } from './schema-check.ts';
import { messagesBefore } from './messages-before.ts';

/**
 * Applies every transaction that was committed before a position, and none after it, to the rows that a copy has brought.
 * @returns where the transport goes on from there
 * @throws CannotResume when the rows that are there do not take a change
 */
export async function catchUpCopy(options: CopyOptions, until: Lsn): Promise<Checkpoint> {
  const { context, serviceUrl, source, transport, tables, signal } = options;
  const key = copyStream(context);
  const client = await connect(serviceUrl, {
    applicationName: `strangler-copy-${context}`.slice(0, 63),
  });
  const onAbort = (): void => terminate(client);
  signal.addEventListener('abort', onAbort, { once: true });
  let stream: ChangeStream | undefined;
  const ending = new AbortController();
  try {
    // No origin: a stream back from the service does not exist before all rows are there.
    await prepareApplySession(client, null);
    const applier = applierOf(options, client);
    const row = await readStreamRow(client, key.context, key.direction);
    const from = await applier.position();
    stream = await transport.open(source, {
      from,
      checkpoint: row?.checkpoint ?? {},
      tables,
      signal,
    });
    void askAgain(options, stream, AbortSignal.any([signal, ending.signal]));
    for (let passed = from >= until; !passed;) {
      const taken = await stream.take();
      throwIfCancelled(signal);
      if (taken.length === 0) throw new CannotResume('the stream ended');
      const next = messagesBefore(taken, until);
      passed = next.passed;
      if (next.messages.length === 0) continue;
      const applied = await applier.apply(next.messages).catch((error: unknown) => {
        throw whyNot(error);
      });
      if (applied !== null) stream.acknowledge(applied.position);
    }
    await applier.apply([{ kind: 'idle', lsn: until }]);
    return (await readStreamRow(client, key.context, key.direction))?.checkpoint ?? {};
  } finally {
    ending.abort();
    signal.removeEventListener('abort', onAbort);
    await stream?.close();
    await client.end().catch(() => undefined);
  }
}

/** Of one table: they are read one by one, and held in memory. */
const mostKeys = 500_000;

function applierOf(options: CopyOptions, client: CopyOptions['service']): Applier {
  const { definition, mapping, context, epoch, names, transport, source } = options;
  let sinceLooked = Infinity;
  const check: SchemaCheck = {
    definition,
    mapping,
    direction: 'forward',
    publication: names.publication,
    ownTables: transport.ownTables,
    monolith: source.client,
    service: options.service,
  };
  return new Applier({
    client,
    mapping,
    ...copyStream(context),
    epoch: BigInt(epoch),
    checkSchema: () => checkSchema(check),
    checkRelation: (relation) => checkRelation(check, relation),
    onPartOfRow: async (during, rows) => {
      await noteCopyKeys(
        during,
        context,
        rows.flatMap(({ table, key }) => {
          const mapped = mapping.tables[table];
          return mapped === undefined ? [] : [{ table: tableName(mapped.monolith), key }];
        }),
      );
      sinceLooked += rows.length;
      if (sinceLooked < mostKeys / 10) return;
      sinceLooked = 0;
      await forgetManyKeys(during, context, mostKeys);
    },
  });
}

/** What the service refuses now it might refuse at every attempt; a copy that begins anew says what is wrong with it. */
function whyNot(error: unknown): unknown {
  const kind = classifyFailure(error);
  if (kind !== 'data' && kind !== 'schema') return error;
  return new CannotResume(error instanceof Error ? error.message : String(error), { cause: error });
}

/** An idle source says nothing by itself of how far it is. */
async function askAgain(
  { source, transport }: CopyOptions,
  stream: ChangeStream,
  signal: AbortSignal,
): Promise<void> {
  for (let times = 0; !signal.aborted; times += 1) {
    stream.probe();
    if (times % 10 === 0) await transport.nudge(source).catch(() => undefined);
    await pause(100, signal);
  }
}
