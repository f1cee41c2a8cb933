import { listenAddress, requiredEnv, runService } from '@strangler-toolkit/service-kit';
import { startCatalog } from './start.ts';

await runService('catalog', async (logger) =>
  startCatalog({
    ...listenAddress(4010),
    logger,
    databaseUrl: requiredEnv('DATABASE_URL'),
    monolithUrl: requiredEnv('MONOLITH_URL'),
    testStates: process.env.ENABLE_TEST_STATES === '1',
  }),
);
