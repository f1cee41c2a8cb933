import { createLogger, isServiceError, requiredEnv } from '@strangler-toolkit/service-kit';
import { migrate } from './db/migrate.ts';

const logger = createLogger('catalog-migrate');
try {
  logger.info({ applied: await migrate(requiredEnv('DATABASE_URL')) }, 'migrated');
} catch (error) {
  if (isServiceError(error))
    process.stderr.write(`${error.code}: ${error.message}\n${error.remedy}\n`);
  else logger.fatal({ err: error }, 'migrate failed');
  process.exitCode = 1;
}
