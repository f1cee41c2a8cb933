import type { Site } from './site.ts';
import { until } from './until.ts';

const name = 'bench_native';

/** PostgreSQL's own logical replication with its defaults, between the same two databases. */
export async function createPublication(site: Site): Promise<void> {
  await site.monolith.query(`CREATE PUBLICATION ${name} FOR TABLE items, lines, pulses`);
}

export async function createSubscription(site: Site, { copy }: { copy: boolean }): Promise<void> {
  await site.service.query(
    `CREATE SUBSCRIPTION ${name} CONNECTION '${site.monolithUrl}' PUBLICATION ${name} WITH (copy_data = ${copy})`,
  );
}

export async function dropSubscription(site: Site): Promise<void> {
  await site.service.query(`DROP SUBSCRIPTION IF EXISTS ${name}`);
}

export const enable = async (site: Site): Promise<void> =>
  void (await site.service.query(`ALTER SUBSCRIPTION ${name} ENABLE`));

/** Also waits until its process is gone, so that it takes nothing from the one measured next. */
export async function disable(site: Site): Promise<void> {
  await site.service.query(`ALTER SUBSCRIPTION ${name} DISABLE`);
  await until(
    'the subscription stops',
    site.signal,
    async () =>
      (await site.service.query('SELECT FROM pg_stat_subscription WHERE pid IS NOT NULL'))
        .rowCount === 0,
  );
}

/** d: copying; f: the rows are there; s, r: streaming. */
export async function copyStates(site: Site): Promise<string[]> {
  const { rows } = await site.service.query<{ state: string }>(
    'SELECT srsubstate AS state FROM pg_subscription_rel',
  );
  return rows.map(({ state }) => state);
}
