import { type Pair, pairOf } from './figures.ts';
import { copyStates, createSubscription, disable, dropSubscription, enable } from './native.ts';
import type { Site } from './site.ts';
import { measurePace } from './pace.ts';
import { until } from './until.ts';
import { startWorker } from './worker.ts';
import { type Kind, kinds, makeChanges, settle } from './workload.ts';

/** Changes per second of what waits in the monolith's log, through our worker and through a subscription. */
export async function benchStream(
  site: Site,
  { rounds, rows }: { rounds: number; rows: number },
): Promise<Record<Kind, Pair>> {
  await site.service.query('TRUNCATE public.items, public.lines, public.pulses');
  await createSubscription(site, { copy: true });
  const measured: Record<Kind, { ours: number; other: number }[]> = {
    inserts: [],
    updates: [],
    mixed: [],
  };
  try {
    await until('the subscription has copied', site.signal, async () =>
      (await copyStates(site)).every((state) => state === 'r'),
    );
    await disable(site);
    const look = await site.open('service');
    for (let round = 1; round <= rounds; round += 1) {
      for (const kind of kinds) {
        const work = await makeChanges(site, kind, rows);
        const one = { ours: 0, other: 0 };
        const turns = [
          async () => {
            const worker = await startWorker(site);
            one.ours = await measurePace({
              site,
              look,
              schema: 'ours',
              workload: work,
              assertAlive: worker.assertAlive,
            });
            await worker.stop();
          },
          async () => {
            await enable(site);
            one.other = await measurePace({ site, look, schema: 'public', workload: work });
            await disable(site);
          },
        ];
        for (const turn of round % 2 === 0 ? turns.reverse() : turns) {
          await settle(site.service);
          await turn();
        }
        await settle(site.monolith);
        measured[kind].push(one);
        site.tell(
          `stream, ${kind} ${round}/${rounds}: ours ${Math.round(one.ours)}, native ${Math.round(one.other)} rows/s`,
        );
      }
    }
  } finally {
    await dropSubscription(site).catch(() => {});
  }
  return {
    inserts: pairOf(measured.inserts),
    updates: pairOf(measured.updates),
    mixed: pairOf(measured.mixed),
  };
}
