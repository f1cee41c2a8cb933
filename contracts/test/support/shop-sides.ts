import { fileURLToPath } from 'node:url';
import { migrate as migrateCatalog, startCatalog } from '@strangler-example/catalog';
import { migrate as migrateShop, seed, startServer } from '@strangler-example/legacy-monolith';
import type { SideAddress } from '@strangler-toolkit/contracts';
import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { createLogger } from '@strangler-toolkit/service-kit';

export const pactsDir = fileURLToPath(new URL('../../pacts/', import.meta.url));

export const side = (url: string, stateBase = url): SideAddress => ({
  url,
  states: { url: `${stateBase}/_test/states` },
});

export interface ShopSides {
  readonly monolith: string;
  readonly service: string;
  /** The service's own. */
  readonly database: string;
  /** The monolith's own. */
  readonly shopDatabase: string;
  stop(): Promise<void>;
}

/** The shop and the catalog that replaces a part of it, each with a database of its own and doors to provider states. */
export async function startShopSides(): Promise<ShopSides> {
  const shop = await createTestDatabase('pact_shop');
  const own = await createTestDatabase('pact_catalog');
  await migrateShop(shop.url);
  await seed(shop.url, { scale: 0.02 });
  await migrateCatalog(own.url);
  const monolith = await startServer({ databaseUrl: shop.url, testStates: true, build: '1' });
  const service = await startCatalog({
    port: 0,
    databaseUrl: own.url,
    monolithUrl: monolith.url,
    testStates: true,
    build: '1',
    logger: createLogger('catalog', { level: 'silent' }),
  });
  return {
    monolith: monolith.url,
    service: service.url,
    database: own.url,
    shopDatabase: shop.url,
    async stop() {
      await service.stop();
      await monolith.close();
      await shop.drop();
      await own.drop();
    },
  };
}
