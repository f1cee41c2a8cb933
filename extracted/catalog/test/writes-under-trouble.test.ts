import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { startTwoSides, type TwoSides } from './two-sides.ts';

let sides: TwoSides;
beforeAll(async () => {
  sides = await startTwoSides(0.02);
});
afterAll(async () => {
  await sides?.close();
});

test('prices changed by many at once leave a history without gap or lost change', async () => {
  const path = `${sides.service.url}/api/products/9007199254741001`;
  const before = (await (await fetch(path)).json()) as { price: string };
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      fetch(`${path}/adjust-price`, {
        method: 'POST',
        headers: { authorization: 'Bearer demo-token-1', 'content-type': 'application/json' },
        body: '{"delta":"0.01"}',
      }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  const after = (await (await fetch(path)).json()) as { price: string };
  const { entries } = (await (await fetch(`${path}/price-history`)).json()) as {
    entries: { revision: number; oldPrice: string | null; newPrice: string }[];
  };
  expect(Math.round((Number(after.price) - Number(before.price)) * 100)).toBe(20);
  expect(entries.map(({ revision }) => revision)).toEqual(
    entries.map((_entry, index) => index + 1),
  );
  expect(entries.slice(1).map(({ oldPrice }) => oldPrice)).toEqual(
    entries.slice(0, -1).map(({ newPrice }) => newPrice),
  );
});

test('a mirrored write changes nothing', async () => {
  const path = `${sides.service.url}/api/products/9007199254741001`;
  const before = await (await fetch(path)).text();
  const mirrored = await fetch(`${path}/adjust-price`, {
    method: 'POST',
    headers: {
      'x-strangler-shadow': '1',
      authorization: 'Bearer demo-token-1',
      'content-type': 'application/json',
    },
    body: '{"delta":"5.00"}',
  });
  expect(mirrored.status).toBe(501);
  expect(await (await fetch(path)).text()).toBe(before);
});

test('while the database refuses writes because of a fence, a writer is told to try again', async () => {
  const client = new pg.Client({ connectionString: sides.own.url });
  await client.connect();
  await client.query(
    `CREATE FUNCTION fenced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'fenced' USING ERRCODE = 'SF001'; END $$`,
  );
  await client.query('CREATE TRIGGER fence BEFORE UPDATE ON product EXECUTE FUNCTION fenced()');
  const refused = await fetch(`${sides.service.url}/api/products/9007199254741001`, {
    method: 'DELETE',
    headers: { authorization: 'Bearer demo-token-1' },
  });
  await client.query('DROP TRIGGER fence ON product');
  await client.end();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
});

test('while the monolith is down, those who were known a moment ago go on', async () => {
  await sides.monolith.close();
  const ask = (token: string): Promise<Response> =>
    fetch(`${sides.service.url}/api/products?per_page=1`, {
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await ask('demo-token-1')).status).toBe(200);
  expect((await ask('demo-token-2')).status).toBe(503);
  expect((await fetch(`${sides.service.url}/api/products?per_page=1`)).status).toBe(200);
});
