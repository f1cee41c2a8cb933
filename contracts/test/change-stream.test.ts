import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate, seed, startServer } from '@strangler-example/legacy-monolith';
import { createTestDatabase, runProgram, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import catalog from '../../contexts/catalog.ts';
import { pactsDir } from './support/shop-sides.ts';

// The catalog reads the shop's changes: its pacts are held against what the log of the shop's database really tells.
const bin = fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url));
let shop: TestDatabase;
let monolith: Awaited<ReturnType<typeof startServer>>;
let client: pg.Client;
let folder: string;

beforeAll(async () => {
  shop = await createTestDatabase('change_pacts');
  await migrate(shop.url);
  await seed(shop.url, { scale: 0.02 });
  monolith = await startServer({ databaseUrl: shop.url, testStates: true });
  client = new pg.Client(shop.url);
  await client.connect();
  folder = await mkdtemp(join(tmpdir(), 'change-pacts-'));
});
afterAll(async () => {
  await client?.end();
  await monolith?.close();
  await shop?.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly found: Readonly<Record<string, string>>;
  readonly message: string;
}

/** By configuration alone, as a person runs it. */
async function verified(messages: object, ...more: string[]): Promise<Outcome> {
  await writeFile(
    join(folder, 'shop.json'),
    JSON.stringify({
      context: 'shop',
      data: 'replicated',
      monolith: { url: monolith.url, database: shop.url },
      service: { url: monolith.url, database: shop.url },
      routes: catalog.routes,
      tables: catalog.tables,
      contracts: {
        pacts: pactsDir,
        provider: 'shop-changes',
        stateUrl: { monolith: `${monolith.url}/_test/states` },
        messages,
      },
    }),
  );
  const args = ['contracts', 'verify', 'shop', '--no-record', '--json', '--contexts', folder];
  const { code, stdout } = await runProgram({
    name: 'strangler contracts verify',
    file: bin,
    args: [...args, ...more],
    env: {},
  });
  const said = JSON.parse(stdout) as {
    sides?: Sides;
    error?: { message: string; details?: { sides?: Sides } };
  };
  const { monolith: result } = said.sides ?? said.error?.details?.sides ?? {};
  return {
    code,
    message: said.error?.message ?? '',
    found: Object.fromEntries(
      (result?.interactions ?? []).map(({ description, verdict, mismatch }) => [
        description,
        mismatch === '' ? verdict : `${verdict}: ${mismatch}`,
      ]),
    ),
  };
}
type Sides = Record<
  string,
  { interactions: { description: string; verdict: string; mismatch: string }[] }
>;

const ofMonolith = { 'shop-changes': { monolith: { from: 'changes' } } };
const kept = {
  'public.price_history c': 'kept',
  'public.product_categories c': 'kept',
  'public.product_images c': 'kept',
  'public.products c': 'kept',
  'public.products u': 'kept',
};

test("what the shop's log tells keeps the pacts of the catalog, and nothing is left in its database", async () => {
  expect(await verified(ofMonolith, '--side', 'monolith')).toEqual({
    code: 0,
    message: '',
    found: kept,
  });
  const { rows } = await client.query(
    `SELECT (SELECT count(*) FROM pg_publication WHERE pubname LIKE 'strangler_pacts%')::int AS publications,
            (SELECT count(*) FROM pg_replication_slots WHERE database = current_database())::int AS slots`,
  );
  expect(rows).toEqual([{ publications: 0, slots: 0 }]);
});

test('a column of another type is caught where it is read', async () => {
  await client.query('ALTER TABLE products ALTER COLUMN released_on TYPE timestamp');
  try {
    const { code, found } = await verified(ofMonolith, '--side', 'monolith');
    expect(code).toBe(5);
    expect(found['public.products c']).toMatch(/^broken: [^]*released_on/);
    expect(found['public.product_images c']).toBe('kept');
  } finally {
    await client.query('ALTER TABLE products ALTER COLUMN released_on TYPE date');
  }
});

test('a change that is not made any more is missed, and what there was is told', async () => {
  await client.query(
    `CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
     CREATE TRIGGER planted BEFORE UPDATE ON products FOR EACH ROW EXECUTE FUNCTION planted();
     CREATE PUBLICATION strangler_pacts_left_over`,
  );
  try {
    const { code, found } = await verified(ofMonolith, '--side', 'monolith');
    expect([code, found]).toEqual([
      5,
      {
        ...kept,
        'public.products u':
          'broken: no change "public.products u" after its provider state; there was: ' +
          'public.price_history c, public.products c',
      },
    ]);
    const { rows } = await client.query('SELECT pubname FROM pg_publication');
    expect(rows).toEqual([]);
  } finally {
    await client.query('DROP FUNCTION planted() CASCADE');
  }
});

test('a side that publishes none of them has kept nothing', async () => {
  const { code, message } = await verified(ofMonolith);
  expect([code, message]).toEqual([
    7,
    'nothing was asked of service: all pacts of shop are messages that others publish',
  ]);
});

test('a source that does not answer is no broken contract', async () => {
  const url = 'http://127.0.0.1:1/';
  const { code, message } = await verified(
    { 'shop-changes': { monolith: { url } } },
    '--side',
    'monolith',
  );
  expect([code, message]).toEqual([
    6,
    expect.stringContaining('its source of messages cannot be looked at: '),
  ]);
});

test('a table without a key is refused before it is published: its own updates would fail', async () => {
  await client.query('ALTER TABLE price_history DROP CONSTRAINT price_history_pkey');
  try {
    const { code, message } = await verified(ofMonolith, '--side', 'monolith');
    expect(code).not.toBe(0);
    expect(message).toBe(
      'price_history has no key that the log would carry: its changes cannot be read',
    );
  } finally {
    await client.query('ALTER TABLE price_history ADD PRIMARY KEY (product_id, revision)');
  }
});
