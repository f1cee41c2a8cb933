import {
  createLogger,
  databaseCheck,
  keepOutboxShort,
  openPool,
  startService,
  type RunningService,
  type ServiceOptions,
} from '@strangler-toolkit/service-kit';
import { columnTypes, openDatabase } from './db/database.ts';
import { catalogRoutes } from './http/catalog-routes.ts';
import { tokenCheck } from './identity/token-check.ts';

export interface CatalogOptions extends Pick<
  ServiceOptions,
  'host' | 'port' | 'logger' | 'drainDelayMs' | 'build'
> {
  readonly databaseUrl: string;
  /** Where the identity context answers who a bearer token belongs to. */
  readonly monolithUrl: string;
  /** Mounts POST /_test/states, for contract verification only. */
  readonly testStates?: boolean;
  /** How long published events stay in the outbox (default 7 days). */
  readonly outboxDays?: number;
}

export async function startCatalog({
  databaseUrl,
  monolithUrl,
  testStates = false,
  outboxDays = 7,
  ...service
}: CatalogOptions): Promise<RunningService> {
  const logger = service.logger ?? createLogger('catalog');
  const pool = await openPool(databaseUrl, {
    applicationName: 'catalog',
    logger,
    max: 20,
    types: columnTypes,
    options: '-c TimeZone=UTC',
  });
  const db = openDatabase(pool);
  const stopCleaning = keepOutboxShort(pool, { keepDays: outboxDays, logger });
  const close = async (): Promise<void> => {
    await stopCleaning();
    await db.destroy();
  };
  try {
    return await startService({
      ...service,
      name: 'catalog',
      logger,
      routes: (kit) =>
        catalogRoutes({
          db,
          checkToken: tokenCheck({ identityUrl: monolithUrl }),
          logger: kit.logger,
          testStates,
        }),
      checks: { database: databaseCheck(pool) },
      onStop: close,
    });
  } catch (error) {
    await close();
    throw error;
  }
}
