import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { Toolkit } from './toolkit.ts';

/** Both databases, to look and nothing else: behind a lock that somebody's deploy holds, status and gates say so instead of hanging. */
export const lookAtBoth = <T>(
  kit: Toolkit,
  definition: MigrationDefinition,
  look: (monolith: pg.Client, service: pg.Client) => Promise<T>,
): Promise<T> =>
  kit.withDatabase(definition, 'monolith', (monolith) =>
    kit.withDatabase(definition, 'service', async (service) => {
      for (const client of [monolith, service]) await client.query(`SET lock_timeout = '3s'`);
      return look(monolith, service);
    }),
  );
