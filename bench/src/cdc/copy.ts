import { type Pair, pairOf } from './figures.ts';
import { copyStates, createSubscription, dropSubscription } from './native.ts';
import { context, type Site } from './site.ts';
import { until } from './until.ts';
import { startWorker } from './worker.ts';
import { isEqual, settle } from './workload.ts';

/**
 * Rows per second of the initial copy, from its beginning until its rows are visible: neither includes making the slot.
 * Both are given an empty target with its primary keys.
 */
export async function benchCopy(site: Site, { rounds }: { rounds: number }): Promise<Pair> {
  const {
    rows: [size],
  } = await site.monolith.query<{ rows: string }>(
    'SELECT (SELECT count(*) FROM items) + (SELECT count(*) FROM lines) + (SELECT count(*) FROM pulses) AS rows',
  );
  const rows = Number(size?.rows);
  // The first start makes the schemas of control and service databases.
  await copyOurs(site, rows);
  const measured: { ours: number; other: number }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const one = { ours: 0, other: 0 };
    const turns = [
      async () => void (one.ours = await copyOurs(site, rows)),
      async () => void (one.other = await copyNatively(site, rows)),
    ];
    for (const turn of round % 2 === 0 ? turns.reverse() : turns) await turn();
    measured.push(one);
    site.tell(
      `initial copy ${round}/${rounds}: ours ${Math.round(one.ours)}, native ${Math.round(one.other)} rows/s`,
    );
  }
  return pairOf(measured);
}

async function copyOurs(site: Site, rows: number): Promise<number> {
  const {
    rows: [known],
  } = await site.service.query<{ streams: string | null }>(
    `SELECT to_regclass('strangler.streams') AS streams`,
  );
  const again = typeof known?.streams === 'string';
  // Fences refuse everyone but who applies. What --restart empties is empty by then.
  await site.service.query(
    `SET session_replication_role = replica; SET strangler.applying = 'on'; TRUNCATE ours.items, ours.lines, ours.pulses;
     SET session_replication_role = origin; RESET strangler.applying`,
  );
  await settle(site.service);
  const worker = await startWorker(site, { restart: again });
  const look = async (what: string): Promise<boolean> => {
    worker.assertAlive();
    const {
      rows: [row],
    } = await site.service.query<{ there: boolean }>(what);
    return row?.there === true;
  };
  const position = `SELECT EXISTS (SELECT FROM strangler.streams WHERE context = '${context}') AS there`;
  try {
    if (again) {
      await until(
        '--restart forgets the position',
        site.signal,
        async () => !(await look(position)),
        { everyMs: 5 },
      );
      await until(
        'the copy begins',
        site.signal,
        () => look(`SELECT EXISTS (SELECT FROM strangler.copies) AS there`),
        { everyMs: 5 },
      );
    } else
      await until('the support schema', site.signal, () =>
        look(`SELECT to_regclass('strangler.streams') IS NOT NULL AS there`),
      );
    const began = performance.now();
    await until('the copy ends', site.signal, () => look(position), { everyMs: 5 });
    const seconds = (performance.now() - began) / 1000;
    if (!(await isEqual(site, 'ours'))) throw new Error('our copy differs from the monolith');
    return rows / seconds;
  } finally {
    await worker.stop();
  }
}

async function copyNatively(site: Site, rows: number): Promise<number> {
  await site.service.query('TRUNCATE public.items, public.lines, public.pulses');
  await settle(site.service);
  await createSubscription(site, { copy: true });
  try {
    await until(
      'the subscription copies',
      site.signal,
      async () => (await copyStates(site)).some((state) => state !== 'i'),
      { everyMs: 5 },
    );
    const began = performance.now();
    await until(
      'the subscription has copied',
      site.signal,
      async () => (await copyStates(site)).every((state) => 'fsr'.includes(state)),
      { everyMs: 5 },
    );
    const seconds = (performance.now() - began) / 1000;
    if (!(await isEqual(site, 'public')))
      throw new Error('the subscription differs from the monolith');
    return rows / seconds;
  } finally {
    await dropSubscription(site);
  }
}
