import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from './test-database.ts';
import { startUnleash, type UnleashServer } from './unleash.ts';

let database: TestDatabase;
let unleash: UnleashServer;
beforeAll(async () => {
  database = await createTestDatabase('unleash');
  unleash = await startUnleash({ postgresUrl: database.url });
});
afterAll(async () => {
  await unleash?.stop();
  await database?.drop();
});

test('the admin token changes flags that the client token reads', async () => {
  const headers = { authorization: unleash.adminToken, 'content-type': 'application/json' };
  const created = await fetch(`${unleash.url}/admin/projects/default/features`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'a.flag' }),
  });
  expect(created.status).toBe(201);
  const read = await fetch(`${unleash.url}/client/features`, {
    headers: { authorization: unleash.clientToken },
  });
  expect(await read.json()).toMatchObject({ features: [{ name: 'a.flag', enabled: false }] });
});

test('without a token nothing is told', async () => {
  expect((await fetch(`${unleash.url}/client/features`)).status).toBe(401);
});
