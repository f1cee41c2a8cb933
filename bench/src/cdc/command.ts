import { missingForKafka } from '@strangler-toolkit/dev-stack';
import type { BenchCommand, BenchTerminal } from '../command.ts';
import { benchCopy } from './copy.ts';
import { benchKafkaApply } from './kafka/apply.ts';
import { startStack } from './kafka/stack.ts';
import { benchLatency } from './latency.ts';
import { memoryOverEvents, memoryOverTransaction } from './memory.ts';
import { createPublication } from './native.ts';
import { type CdcOptions, type Part, parseCdcOptions, usage } from './options.ts';
import { lines, type Measured, summary } from './report.ts';
import { context, openSite, type Site } from './site.ts';
import { benchStream } from './stream.ts';
import { until } from './until.ts';
import { startWorker, type Worker } from './worker.ts';
import { fill, isEqual } from './workload.ts';

export const cdcCommand: BenchCommand = {
  usage,
  async run(args, { signal, tell, print }) {
    const options = parseCdcOptions(args);
    if (options === null) {
      print(usage);
      return 0;
    }
    const wants = (part: Part): boolean => options.parts.includes(part);
    const measured: Measured = {};
    if (options.parts.some((part) => part !== 'kafka'))
      await measureEmbedded(options, measured, { signal, tell });
    if (
      wants('kafka') ||
      ((wants('latency') || wants('memory')) && (await missingForKafka()).length === 0)
    )
      await measureKafka(options, measured, { signal, tell });
    if (options.json) print(JSON.stringify(summary(measured)));
    else
      for (const line of [
        `median of ${options.rounds} rounds, and the spread of the rounds' ratios`,
        ...lines(measured),
      ])
        print(line);
    return 0;
  },
};

type Here = Pick<BenchTerminal, 'signal' | 'tell'>;

async function openFilledSite({ rows }: CdcOptions, here: Here): Promise<Site> {
  here.tell('starting two PostgreSQL servers');
  const site = await openSite(here);
  try {
    await fill(site.monolith, rows);
    return site;
  } catch (error) {
    await site[Symbol.asyncDispose]();
    throw error;
  }
}

/** A worker that streams: a change made after its copy has come through. */
async function caughtUp(site: Site): Promise<Worker> {
  const worker = await startWorker(site);
  await until(
    'the worker has copied',
    site.signal,
    async () => {
      worker.assertAlive();
      const {
        rows: [known],
      } = await site.service.query<{ streams: string | null }>(
        `SELECT to_regclass('strangler.streams') AS streams`,
      );
      return (
        typeof known?.streams === 'string' &&
        (await site.service.query('SELECT FROM strangler.streams WHERE context = $1', [context]))
          .rowCount === 1
      );
    },
    { everyMs: 100 },
  );
  await site.monolith.query('UPDATE pulses SET note = md5(random()::text) WHERE id = 1');
  await until(
    'the worker has caught up',
    site.signal,
    async () => {
      worker.assertAlive();
      return isEqual(site, 'ours');
    },
    { everyMs: 200 },
  );
  return worker;
}

async function measureEmbedded(options: CdcOptions, measured: Measured, here: Here): Promise<void> {
  await using site = await openFilledSite(options, here);
  await createPublication(site);
  if (options.parts.includes('copy')) measured.copy = await benchCopy(site, options);
  // What follows goes on from a copy.
  await (await caughtUp(site)).stop();
  if (options.parts.includes('stream')) measured.stream = await benchStream(site, options);
  if (options.parts.includes('latency')) {
    const worker = await caughtUp(site);
    measured.latency = { ...measured.latency, embedded: await benchLatency(site, worker, options) };
    await worker.stop();
  }
  if (options.parts.includes('memory')) {
    const worker = await caughtUp(site);
    measured.memory = {
      ...measured.memory,
      embedded: {
        events: await memoryOverEvents(site, worker, options.events),
        transaction: await memoryOverTransaction(site, worker, options.transactionRows),
      },
    };
    await worker.stop();
  }
}

async function measureKafka(options: CdcOptions, measured: Measured, here: Here): Promise<void> {
  await using plain = await openFilledSite(options, here);
  const stack = await startStack(plain);
  const site: Site = { ...plain, env: { ...plain.env, ...stack.env } };
  if (options.parts.includes('kafka')) {
    await (await caughtUp(site)).stop();
    measured.sink = await benchKafkaApply(site, stack, options);
  }
  if (options.parts.includes('latency')) {
    const worker = await caughtUp(site);
    // Connect's JVM compiles what it runs often: cold, it is several times slower.
    measured.latency = {
      ...measured.latency,
      kafka: await benchLatency(site, worker, { ...options, warmUpSeconds: 15 }),
    };
    await worker.stop();
  }
  if (options.parts.includes('memory')) {
    const worker = await caughtUp(site);
    // A fifth of them: Debezium sends a third of what the log holds in the same time.
    measured.memory = {
      ...measured.memory,
      kafka: {
        events: await memoryOverEvents(site, worker, Math.max(50_000, options.events / 5)),
        transaction: await memoryOverTransaction(site, worker, options.transactionRows),
      },
    };
    await worker.stop();
  }
}
