import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { verifyPacts } from '@strangler-toolkit/contracts';
import { pactsDir, side, startShopSides, type ShopSides } from './support/shop-sides.ts';

// The search listens to the catalog's events: its pacts are held against what the outbox really publishes.
let sides: ShopSides;
let client: pg.Client;

beforeAll(async () => {
  sides = await startShopSides();
  client = new pg.Client(sides.database);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await sides?.stop();
});

async function verified(): Promise<Record<string, string>> {
  const { service } = await verifyPacts({
    pactsDir,
    provider: 'catalog-events',
    sides: { service: { ...side(sides.service), messages: { outbox: sides.database } } },
  });
  return Object.fromEntries(
    service.interactions.map(({ description, verdict, mismatch }) => [
      description,
      mismatch === '' ? verdict : `${verdict}: ${mismatch}`,
    ]),
  );
}

/** What a later version of the service might publish instead. */
async function publishing<T>(change: string, during: () => Promise<T>): Promise<T> {
  await client.query(
    `CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${change} END $$`,
  );
  await client.query(
    'CREATE TRIGGER planted BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION planted()',
  );
  try {
    return await during();
  } finally {
    await client.query('DROP FUNCTION planted() CASCADE');
  }
}

test('the events that the service publishes keep the pacts of the search', async () => {
  expect(await verified()).toEqual({
    'product.categorised': 'kept',
    'product.changed': 'kept',
    'product.created': 'kept',
    'product.removed': 'kept',
  });
});

test('a renamed field of an event is caught, and named', async () => {
  const found = await publishing(
    `NEW.payload := NEW.payload - 'title' || jsonb_build_object('name', NEW.payload -> 'title'); RETURN NEW;`,
    verified,
  );
  expect(found['product.created']).toMatch(/^broken: [^]*title/);
  expect(found['product.categorised']).toBe('kept');
});

test('an event that is no longer published is caught, though one of its type lies there from before', async () => {
  const found = await publishing(
    `IF NEW.type = 'product.removed' THEN RETURN NULL; END IF; RETURN NEW;`,
    verified,
  );
  expect(found).toEqual({
    'product.categorised': 'kept',
    'product.changed': 'kept',
    'product.created': 'kept',
    'product.removed':
      'broken: nothing of type "product.removed" was published after its provider state',
  });
});

test('without a source of messages they are not verified, never kept', async () => {
  const { service } = await verifyPacts({
    pactsDir,
    provider: 'catalog-events',
    sides: { service: side(sides.service) },
  });
  expect(service.ok).toBe(false);
  expect(new Set(service.interactions.map(({ verdict }) => verdict))).toEqual(new Set(['message']));
});
