import { connect, terminate } from '../database/connect.ts';
import { quoteTable } from '../database/identifiers.ts';
import type { CopyOptions } from './copy-options.ts';

/**
 * Without them the service's first queries on a filled table are planned as for an empty one; some day autovacuum would do it, so
 * nothing waits for this, and it waits for nobody's lock.
 */
export async function writeStatistics({
  serviceUrl,
  mapping,
  signal,
}: Pick<CopyOptions, 'serviceUrl' | 'mapping' | 'signal'>): Promise<void> {
  const client = await connect(serviceUrl, { applicationName: 'strangler-statistics' });
  const onAbort = (): void => terminate(client);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.query(`SET lock_timeout = '1s'`);
    for (const part of mapping.tables.flatMap(({ parts }) => parts)) {
      if (signal.aborted) return;
      await client.query(`ANALYZE ${quoteTable(part.service)}`).catch(() => undefined);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    await client.end().catch(() => undefined);
  }
}
