import { openDatabase } from '@strangler-example/legacy-monolith';
import { createLogger, type RunningService, startService } from '@strangler-toolkit/service-kit';
import { backOfficeRoutes } from '../../../legacy-monolith/src/back-office/routes.ts';

/**
 * The staff's pages as a service of their own that still uses the shop's database, as most extractions begin (data: shared). The
 * example does not go that far; here it gives cookies and redirects a service that can break them.
 */
export async function startBackOffice(databaseUrl: string): Promise<RunningService> {
  const database = openDatabase(databaseUrl, { max: 2 });
  return startService({
    name: 'back-office',
    port: 0,
    logger: createLogger('back-office', { level: 'silent' }),
    routes: () => backOfficeRoutes(database.db),
    onStop: () => database.close(),
  });
}
