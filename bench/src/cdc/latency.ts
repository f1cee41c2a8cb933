import type pg from 'pg';
import type { Site } from './site.ts';
import { until } from './until.ts';
import type { Worker } from './worker.ts';

export interface Latency {
  readonly updatesPerSecond: number;
  readonly updates: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const rows = 1000;
const perSecond = 1000;
const tenth = (value: number): number => Math.round(value * 10) / 10;

/**
 * From the moment a writer has its COMMIT answered to the moment a reader of the target sees the row, for every one of the
 * updates, also those made while something stood still.
 */
export async function benchLatency(
  site: Site,
  worker: Worker,
  { seconds, warmUpSeconds = 3 }: { seconds: number; warmUpSeconds?: number },
): Promise<Latency> {
  const [writer, reader] = [await site.open('monolith'), await site.open('service')];
  const {
    rows: [state],
  } = await writer.query<{ n: string }>('SELECT max(n) AS n FROM pulses');
  const first = Number(state?.n) + 1;
  const warm = perSecond * warmUpSeconds;
  const last = first + warm + perSecond * seconds - 1;
  const committed = new Float64Array(last - first + 1);
  let written = first - 1;
  const began = performance.now();
  const writing = write(writer, {
    first,
    last,
    onCommit: (n) => {
      committed[n - first] = performance.now();
      written = n;
    },
    signal: site.signal,
  });
  let broken: unknown;
  writing.catch((error: unknown) => {
    broken = error;
  });
  const latencies: number[] = [];
  let visible = first - 1;
  // Changes become visible in commit order: who sees the newest sees all before it.
  await until(
    'the last update is visible',
    site.signal,
    async () => {
      worker.assertAlive();
      if (broken !== undefined) throw broken;
      const {
        rows: [row],
      } = await reader.query<{ n: string }>({
        name: 'newest',
        text: 'SELECT max(n) AS n FROM ours.pulses',
      });
      const [now, newest] = [performance.now(), Number(row?.n)];
      for (; visible < newest; visible += 1) {
        const at = committed[visible + 1 - first] ?? 0;
        // Seen before the writer's own answer came.
        if (visible + 1 >= first + warm) latencies.push(at === 0 ? 0 : Math.max(0, now - at));
      }
      return newest >= last;
    },
    { everyMs: 1, limitSeconds: (seconds + warmUpSeconds) * 4 + 60 },
  );
  const took = await writing;
  if (written !== last) throw new Error(`the writer ended at ${written} of ${last}`);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    tenth(
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN,
    );
  await Promise.all([writer.end(), reader.end()]);
  const result: Latency = {
    updatesPerSecond: Math.round((last - first + 1) / ((took - began) / 1000)),
    updates: latencies.length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
  site.tell(
    `latency, ${site.env.STRANGLER_TRANSPORT ?? 'embedded'}: p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
  );
  return result;
}

interface Pulses {
  readonly first: number;
  readonly last: number;
  readonly onCommit: (n: number) => void;
  readonly signal: AbortSignal;
}

async function write(
  client: pg.Client,
  { first, last, onCommit, signal }: Pulses,
): Promise<number> {
  const began = performance.now();
  for (let n = first; n <= last; n += 1) {
    const wait = began + ((n - first) * 1000) / perSecond - performance.now();
    if (wait > 0)
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    signal.throwIfAborted();
    await client.query({
      name: 'pulse',
      text: 'UPDATE pulses SET n = $1 WHERE id = $2',
      values: [n, 1 + (n % rows)],
    });
    onCommit(n);
  }
  return performance.now();
}
