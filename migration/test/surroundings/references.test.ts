import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from '../../src/database/connect.ts';
import { readReferences, referenceText } from '../../src/surroundings/seen-references.ts';
import { cli, json } from '../support/cli.ts';
import { openScene, type Scene } from '../support/scene.ts';

let scene: Scene;
const outside = `
  CREATE TABLE customers (id bigint PRIMARY KEY); INSERT INTO customers SELECT n FROM generate_series(1, 100) n;
  CREATE TABLE regions (id bigint PRIMARY KEY); INSERT INTO regions VALUES (1), (2);
  CREATE TABLE makers (id bigint PRIMARY KEY); INSERT INTO makers SELECT n FROM generate_series(1, 9) n;
  CREATE TABLE accounts (id uuid PRIMARY KEY); INSERT INTO accounts SELECT gen_random_uuid() FROM generate_series(1, 9);
  CREATE TABLE secrets (id bigint PRIMARY KEY); CREATE TABLE voids (id bigint PRIMARY KEY);`;
const columns = `ADD customer_id bigint, ADD "Region No" bigint, ADD maker_id bigint REFERENCES makers,
  ADD owner uuid, ADD other uuid, ADD secret_id bigint, ADD void_id bigint`;
/** A customer was deleted since, most regions mean something else, nothing is known of the void. */
const fill = (table: string): string => `
  UPDATE ${table} SET customer_id = id + 51, "Region No" = id, maker_id = 1 + id % 9, secret_id = id,
    owner = (SELECT id FROM accounts ORDER BY id OFFSET ${table}.id % 9 LIMIT 1), other = gen_random_uuid();`;

beforeAll(async () => {
  scene = await openScene('references');
  await scene.sql(
    scene.monolith,
    `${outside} ALTER TABLE products ${columns}; ${fill('products')}
     CREATE TABLE wishes (id bigserial PRIMARY KEY, product_id bigint, item_id bigint); INSERT INTO wishes (product_id) VALUES (1), (NULL), (50)`,
  );
  await scene.sql(
    scene.service,
    `INSERT INTO items (title) SELECT 'x' FROM generate_series(1, 5);
     CREATE TABLE lists (id bigserial PRIMARY KEY, item_id bigint); INSERT INTO lists (item_id) VALUES (1), (5)`,
  );
});
afterAll(async () => {
  await scene?.close();
});

test('references that no foreign key keeps are found by what their rows hold, into a context and out of it, and not those that only seem so', async () => {
  const client = await connect(scene.monolith.url, { applicationName: 'test' });
  try {
    const found = async (): Promise<string[]> =>
      (await readReferences(client, [{ schema: 'public', table: 'products' }])).map(
        (one) => referenceText(one, 'monolith').told,
      );
    const customers =
      'products.customer_id of the monolith refers to customers.id, as 49 of 50 values say without a foreign key, ' +
      'outside this context: whoever checks it has to ask the owner of customers';
    const owner =
      'products.owner of the monolith refers to accounts.id, as 9 of 9 values say without a foreign key, ' +
      'outside this context: whoever checks it has to ask the owner of accounts';
    const wishes =
      'wishes.product_id of the monolith refers to products.id, as 2 of 2 values say without a foreign key, ' +
      'from outside this context: what its owner deletes it may still name';
    expect(await found()).toEqual([customers, owner, wishes]);
    await client.query('INSERT INTO secrets SELECT n FROM generate_series(1, 50) n');
    await client.query(
      `CREATE ROLE nosy_${process.pid}; GRANT SELECT ON products, customers, wishes TO nosy_${process.pid}`,
    );
    await client.query(`SET ROLE nosy_${process.pid}`);
    const unread = await found();
    expect(unread.filter((told) => !told.includes('we may not read them'))).toEqual([
      customers,
      wishes,
    ]);
    expect(unread.join('\n')).toContain(
      'products.secret_id of the monolith is called as if it referred to secrets.id (values: we may not read them)',
    );
    // by its values alone it would have been found
    expect(unread.join('\n')).not.toContain('products.owner');
  } finally {
    await client.query(
      `RESET ROLE; DROP OWNED BY nosy_${process.pid}; DROP ROLE nosy_${process.pid}`,
    );
    await client.end();
  }
});

test('doctor names them on both sides', async () => {
  const { checks } = json<{ checks: { check: string; ok: boolean; actual: string }[] }>(
    await cli(['doctor', 'catalog', '--json'], scene.env),
  );
  const found = checks.filter(({ check }) => check.startsWith('reference '));
  expect(found.map(({ check }) => check)).toEqual([
    'reference products.customer_id',
    'reference products.owner',
    'reference products.secret_id',
    'reference wishes.product_id',
    'reference lists.item_id',
  ]);
  expect(found.every(({ ok }) => ok)).toBe(true);
  expect(found.at(-1)?.actual).toContain(
    'lists.item_id of the service refers to items.id, as 2 of 2',
  );
});
