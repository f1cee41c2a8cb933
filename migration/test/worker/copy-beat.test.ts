import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { withConnection } from '../../src/database/connect.ts';
import { openShop, startWorker } from './shop.ts';

test('a worker whose copy waits counts as alive, however long it waits', async () => {
  await using shop = await openShop();
  // What the first ranges cost is paid in days.
  await using worker = startWorker({ ...shop, maxRate: { unit: 'rows', perSecond: 0.001 } });
  const alive = async (): Promise<boolean> =>
    (await shop.control.watermarks.get('goods', 'forward'))?.workerAlive === true;
  const copied = async (table: string): Promise<boolean> =>
    (await shop.service.query(`SELECT FROM ${table}`)).rowCount === 500;
  await until(
    'all that is read without a pause is there',
    async () => (await copied('goods')) && (await copied('good_prices')) && (await alive()),
  );
  await withConnection(shop.controlUrl, { applicationName: 'test' }, (client) =>
    client.query(
      `UPDATE strangler_control.watermarks SET heartbeat_at = clock_timestamp() - interval '1 hour'`,
    ),
  );
  const told = worker.progress.length;
  await until('it beats again', alive);
  await until('its health hears of it', async () => worker.progress.length > told);
  expect(worker.progress.at(-1)).toMatchObject({ phase: 'copying', table: 'products' });
});
