import type { BenchCommand } from '../command.ts';
import { benchCopy } from './copy.ts';
import { benchLatency } from './latency.ts';
import { memoryOverEvents, memoryOverTransaction } from './memory.ts';
import { createPublication } from './native.ts';
import { parseCdcOptions, usage } from './options.ts';
import { lines, type Measured, summary } from './report.ts';
import { openSite } from './site.ts';
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
    const wants = (part: (typeof options.parts)[number]): boolean => options.parts.includes(part);
    const measured: Measured = {};
    tell('starting two PostgreSQL servers');
    await using site = await openSite({ signal, tell });
    await fill(site.monolith, options.rows);
    await createPublication(site);
    if (wants('copy')) measured.copy = await benchCopy(site, options);
    const caughtUp = async (): Promise<Worker> => {
      const worker = await startWorker(site);
      await until('the worker has caught up', signal, async () => {
        worker.assertAlive();
        return isEqual(site, 'ours');
      }, { everyMs: 200 });
      return worker;
    };
    // What follows goes on from a copy.
    await (await caughtUp()).stop();
    if (wants('stream')) measured.stream = await benchStream(site, options);
    if (wants('latency')) {
      const worker = await caughtUp();
      measured.latency = { embedded: await benchLatency(site, worker, options) };
      await worker.stop();
    }
    if (wants('memory')) {
      const worker = await caughtUp();
      measured.memory = { events: await memoryOverEvents(site, worker, options.events), transaction: await memoryOverTransaction(site, worker, options.transactionRows) };
      await worker.stop();
    }
    if (options.json) print(JSON.stringify(summary(measured)));
    else for (const line of [`median of ${options.rounds} rounds, and the spread of the rounds' ratios`, ...lines(measured)]) print(line);
    return 0;
  },
};
