import { codeOf, type Direction, type MigrationDefinition, sidesOf } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { Applier } from '../apply/applier.ts';
import { prepareApplySession } from '../apply/apply-session.ts';
import { countOpenDeadLetters } from '../replica/dead-letters.ts';
import { readStreamRow } from '../replica/streams.ts';
import type { Control } from '../control/index.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { SourceTable, StreamSource, Transport } from '../stream/index.ts';
import type { Lsn } from '../stream/change-event.ts';
import type { StreamMessage } from '../stream/change-stream.ts';
import { HistoryMarks } from '../stream/source/history-marks.ts';
import { MessageBuffer } from './message-buffer.ts';
import type { WorkerFailure } from './still-failing.ts';
import type { WorkerOptions, WorkerProgress } from './worker-options.ts';
import { checkRelation, checkSchema, type SchemaCheck } from './schema-check.ts';
import { pause } from '../pause.ts';
import { IdentityWatch, type WatchOptions } from './identity-watch.ts';
import { WatermarkSampler } from './watermark-sampler.ts';

export interface StreamRun {
  readonly control: Control;
  readonly definition: MigrationDefinition;
  readonly mapping: CompiledMapping;
  readonly direction: Direction;
  readonly epoch: number;
  readonly transport: Transport;
  readonly source: StreamSource;
  /** What the publication holds. */
  readonly tables: readonly SourceTable[];
  /** Only the applier uses it. */
  readonly target: pg.Client;
  readonly origin: string;
  readonly publication: string;
  /** Name of the slot in the source. */
  readonly slot: string;
  readonly workerId: string;
  /** Why the stream before this one ended. */
  readonly failure: WorkerFailure | undefined;
  readonly planProblem: WorkerOptions['planProblem'];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: WorkerProgress) => void;
  /** @throws when another worker or another epoch took over */
  readonly stillMine: () => Promise<void>;
  readonly watch: Omit<WatchOptions, 'context' | 'drained' | 'stillMine'> & {
    sourceLsn(): Promise<Lsn>;
  };
}

/** How the applier's connection is called on the target. */
export const applierName = (context: string): string => `strangler-apply-${context}`.slice(0, 63);

/** Reads, applies and acknowledges until the signal, or until something fails. */
export async function runStream(run: StreamRun): Promise<void> {
  const { context } = run.definition;
  await prepareApplySession(run.target, run.origin).catch((error: unknown) =>
    endSleepingApplier(run, error),
  );
  const check: SchemaCheck = {
    definition: run.definition,
    mapping: run.mapping,
    direction: run.direction,
    publication: run.publication,
    ownTables: run.transport.ownTables,
    ...sidesOf(run.direction, run.source.client, run.target),
  };
  const applier = new Applier({
    client: run.target,
    mapping: run.mapping,
    context,
    direction: run.direction,
    epoch: BigInt(run.epoch),
    checkSchema: () => checkSchema(check),
    checkRelation: (relation) => checkRelation(check, relation),
    historyAt: (position) => marks.passed(position),
  });
  const row = await readStreamRow(run.target, context, run.direction);
  const marks = new HistoryMarks(run.source);
  const state = {
    position: await applier.position(),
    rows: row?.rowsApplied ?? 0n,
    deadLetters: await countOpenDeadLetters(run.target, context, run.direction),
  };
  const before = await run.control.watermarks.get(context, run.direction);
  const watch = new IdentityWatch({
    ...run.watch,
    context,
    stillMine: run.stillMine,
    async drained(signal) {
      const wanted = await run.watch.sourceLsn();
      const end = performance.now() + 10_000;
      while (state.position < wanted && performance.now() < end && !signal.aborted)
        await pause(20, signal);
    },
  });
  await watch.begin();
  const ending = new AbortController();
  const signal = AbortSignal.any([run.signal, ending.signal]);
  const stream = await run.transport.open(run.source, {
    from: state.position,
    checkpoint: row?.checkpoint ?? {},
    tables: run.tables,
    signal,
  });
  try {
    await marks.begin(row?.history?.mark?.line);
  } catch (error) {
    await stream.close();
    throw error;
  }
  const buffer = new MessageBuffer(stream);
  const sampler = new WatermarkSampler({
    control: run.control,
    source: run.source,
    transport: run.transport,
    stream,
    epoch: run.epoch,
    workerId: run.workerId,
    progress: () => state,
    marks,
    held: () => watch.held,
    slot: run.slot,
    failure: run.failure,
    planProblem: run.planProblem,
    lagBefore: before?.epoch === run.epoch ? (before.lagSeconds ?? 0) : 0,
    onSample: (sample) =>
      run.onProgress({
        phase: 'streaming',
        direction: run.direction,
        epoch: run.epoch,
        rowsApplied: Number(state.rows),
        deadLetters: state.deadLetters,
        ...sample,
      }),
  });
  const work = [
    sampler.run(signal),
    (async () => {
      let idleAt = 0;
      let held: readonly StreamMessage[] = [];
      while (!signal.aborted) {
        const taken = await buffer.take();
        if (taken.length === 0) return;
        const messages = held.length === 0 ? taken : [...held, ...taken];
        held = [];
        if (messages.every((message) => message.kind === 'idle')) {
          if (messages.every((message) => message.kind === 'idle' && message.lsn <= state.position))
            continue;
          const wait = idleAt + 100 - performance.now();
          // a change that comes meanwhile takes the idle position along: it does not wait for a transaction of its own
          if (
            wait > 0 &&
            (await Promise.race([
              pause(wait, signal).then(() => false),
              buffer.coming().then(() => true),
            ]))
          ) {
            held = messages;
            continue;
          }
          idleAt = performance.now();
        }
        const applied = await applier.apply(messages);
        if (applied === null) continue;
        stream.acknowledge(applied.position);
        state.position = applied.position;
        state.rows += BigInt(applied.rows);
        state.deadLetters = applied.deadLetters;
      }
    })(),
    watch.run(signal),
  ];
  const guarded = work.map((task) =>
    task
      .catch((error: unknown) => {
        ending.abort();
        throw error;
      })
      .finally(() => ending.abort()),
  );
  const results = await Promise.allSettled(guarded);
  await stream.close();
  if (run.signal.aborted) return;
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/**
 * A worker that sleeps, or whose network is gone, holds the origin and perhaps the row of the position until its connection is
 * found dead, which takes hours. Whoever has the worker lock now ends that connection, and the next attempt goes on.
 */
async function endSleepingApplier(
  { target, definition, stillMine }: StreamRun,
  error: unknown,
): Promise<never> {
  if (codeOf(error) === '55006') {
    await stillMine();
    await target.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ' +
        'current_database() AND application_name = $1 AND pid <> pg_backend_pid()',
      [applierName(definition.context)],
    );
  }
  throw error;
}
