import { median } from '../statistics.ts';
import { residentMb } from './resident-memory.ts';
import type { Site } from './site.ts';
import { until } from './until.ts';
import type { Worker } from './worker.ts';
import { inLoop } from './workload.ts';

export interface MemoryRun {
  readonly events: number;
  readonly seconds: number;
  /** Median over the first tenth of the events, after the worker warmed up on the twentieth before it. */
  readonly start: number;
  /** Median over the last tenth. */
  readonly end: number;
  readonly max: number;
}

interface Sample {
  readonly share: number;
  readonly mb: number;
}

const between = (samples: readonly Sample[], from: number, to: number): number =>
  Math.round(
    median(samples.filter(({ share }) => share >= from && share <= to).map(({ mb }) => mb)),
  );

/** Resident memory of the worker while `events` one-row updates, 1,000 to a transaction, run through it. */
export async function memoryOverEvents(
  site: Site,
  worker: Worker,
  events: number,
): Promise<MemoryRun> {
  const {
    rows: [size],
  } = await site.monolith.query<{ rows: string; version: string }>(
    'SELECT count(*) AS rows, max(version) AS version FROM items',
  );
  const items = Math.floor(Number(size?.rows) / 1000) * 1000;
  const perSlice = Math.max(1000, Math.min(items, Math.floor(events / 50_000) * 1000));
  const slices = Math.max(1, Math.round(events / perSlice));
  const version = Number(size?.version);
  let made = 0;
  const applied = async (): Promise<number> => {
    const { rows } = await site.service.query<{ done: string }>(
      `SELECT max(version) - ${version} AS done FROM ours.items WHERE id = ${perSlice}`,
    );
    return Math.max(0, Number(rows[0]?.done));
  };
  const samples: Sample[] = [];
  let peak = 0;
  const began = performance.now();
  let done = 0;
  const making = (async () => {
    while (made < slices && !site.signal.aborted) {
      made += 1;
      await inLoop(
        site.monolith,
        `UPDATE items SET version = ${version + made} WHERE id BETWEEN (n - 1) * 1000 + 1 AND n * 1000`,
        perSlice / 1000,
      );
      // Not further ahead than the worker has work for: the log of all of it would fill a disk.
      const at = made;
      await until('the worker follows', site.signal, async () => done >= at - 5, {
        everyMs: 20,
        limitSeconds: 900,
      });
      if (made % 5 === 0) await site.monolith.query('VACUUM items');
      if (made % 10 === 0)
        site.tell(
          `memory: ${done * perSlice} of ${slices * perSlice} events, worker ${Math.round(samples.at(-1)?.mb ?? 0)} MB`,
        );
    }
  })();
  making.catch(() => {});
  await until(
    'all events are applied',
    site.signal,
    async () => {
      worker.assertAlive();
      done = await applied();
      const mb = await residentMb(worker.pid);
      peak = Math.max(peak, mb);
      samples.push({ share: done / slices, mb });
      if (samples.length % 50 === 0) await site.service.query('VACUUM ours.items');
      return done >= slices;
    },
    { everyMs: 100, limitSeconds: 3600 },
  );
  await making;
  const seconds = (performance.now() - began) / 1000;
  return {
    events: slices * perSlice,
    seconds: Math.round(seconds),
    start: between(samples, 0.05, 0.15),
    end: between(samples, 0.9, 1),
    max: Math.round(peak),
  };
}

/** The same over one transaction of `rows` rows. */
export async function memoryOverTransaction(
  site: Site,
  worker: Worker,
  rows: number,
): Promise<MemoryRun> {
  const {
    rows: [last],
  } = await site.monolith.query<{ id: string }>('SELECT max(id) AS id FROM lines');
  const first = Number(last?.id) + 1;
  const start = Math.round(await residentMb(worker.pid));
  const began = performance.now();
  let peak = start;
  const making = site.monolith.query(
    `INSERT INTO lines SELECT g, 1, 1, 1, clock_timestamp(), md5(g::text) FROM generate_series(${first}, ${first + rows - 1}) g`,
  );
  making.catch(() => {});
  const sees = { text: 'SELECT FROM ours.lines WHERE id = $1', values: [first + rows - 1] };
  await until(
    'the large transaction is applied',
    site.signal,
    async () => {
      worker.assertAlive();
      peak = Math.max(peak, await residentMb(worker.pid));
      return (await site.service.query(sees)).rowCount === 1;
    },
    { everyMs: 50, limitSeconds: 900 },
  );
  await making;
  return {
    events: rows,
    seconds: Math.round((performance.now() - began) / 1000),
    start,
    end: Math.round(await residentMb(worker.pid)),
    max: Math.round(peak),
  };
}
