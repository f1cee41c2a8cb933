import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTlsPostgres, type TlsPostgres, until } from '@strangler-toolkit/dev-stack';
import { replicatedItems, servedBy } from './support/replicated-items.ts';

let place: TlsPostgres;
const { TEST_PG_URL: shared } = process.env;
beforeAll(async () => {
  place = await startTlsPostgres();
  process.env.TEST_PG_URL = place.url('postgres');
});
const items = replicatedItems();
afterAll(async () => {
  process.env.TEST_PG_URL = shared;
  await place?.stop();
});

const trusting = (ca: string): string =>
  place.url(new URL(items.control.url).pathname.slice(1), ca);

test('a facade follows owners and writes pins over TLS, with the CA that the URL names', async () => {
  const facade = await items.start('a');
  await items.control.setContext({ stage: 'service', owner: 'service', epoch: 2 });
  await until(
    'the facade knows',
    async () => (await facade.readiness()).contexts.items?.epoch === '2',
  );
  expect(await servedBy(facade, '/api/items', {}, 'POST')).toBe('service');
  expect(
    await items.control.query(
      `SELECT DISTINCT ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name LIKE 'facade a%'`,
    ),
  ).toEqual([{ ssl: true }]);
});

test('one that trusts somebody else never believes the control database', async () => {
  const facade = await items.start('b', { controlUrl: trusting(place.stranger.ca) });
  await until('it has tried', async () => (await facade.readiness()).control.state === 'down');
  expect(
    await items.control.query(
      `SELECT FROM pg_stat_activity WHERE application_name LIKE 'facade b%'`,
    ),
  ).toEqual([]);
});
