import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { ask } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let monolith: Upstream;
let control: TestControl;
let facade: RunningFacade;
beforeAll(async () => {
  monolith = await startUpstream('monolith', (request, response) => {
    request.resume();
    response.writeHead(request.url?.startsWith('/missing') ? 404 : 200).end();
  });
});
beforeEach(async () => {
  control = await startControl();
  facade = await startFacade({
    contexts: [itemsContext('none', monolith.url, monolith.url)],
    monolithUrl: monolith.url,
    controlUrl: control.url,
    limits: { flushMs: 50 },
  });
});
afterEach(async () => {
  await facade.stop();
  await control.close();
});
afterAll(async () => {
  await monolith?.close();
});

const counted = (): Promise<Record<string, unknown>[]> =>
  control.query(
    `SELECT method, path, sum(requests)::int AS requests FROM strangler_control.unclaimed_requests
      GROUP BY method, path ORDER BY path, method`,
  );

test('what no context claims is counted by method and path without identifiers; what is claimed or missing is not', async () => {
  for (let n = 1; n <= 3; n++) {
    await ask(facade.port, `/orders/${n}/lines?secret=${n}`);
    await ask(facade.port, `/api/items/${n}`);
    await ask(facade.port, `/missing/${n}`);
  }
  const both = async (): Promise<void> => {
    await ask(facade.port, '/orders/7', { method: 'DELETE' });
    await ask(facade.port, '/orders/7');
  };
  await both();
  const atLeast = (requests: number) =>
    until('all are committed', async () => {
      const rows = await counted();
      return rows.reduce((sum, row) => sum + Number(row['requests']), 0) >= requests;
    });
  await atLeast(5);
  const rows = (deleted: number, read: number) => [
    { method: 'DELETE', path: '/orders/:id', requests: deleted },
    { method: 'GET', path: '/orders/:id', requests: read },
    { method: 'GET', path: '/orders/:id/lines', requests: 3 },
  ];
  expect(await counted()).toEqual(rows(1, 1));
  await both();
  await atLeast(7);
  expect(await counted()).toEqual(rows(2, 2));
});

test('of each day the five hundred that were asked most stay, and nothing longer than a week', async () => {
  await control.query(
    `INSERT INTO strangler_control.unclaimed_requests
     SELECT day::date, 'GET', '/' || n, n, clock_timestamp()
       FROM generate_series(1, 600) AS n, unnest(ARRAY[current_date, current_date - 1]) AS day`,
  );
  await control.query(
    `INSERT INTO strangler_control.unclaimed_requests VALUES (current_date - 7, 'GET', '/old', 1, now())`,
  );
  const left = await until('it is swept', async () => {
    await ask(facade.port, '/now');
    const [row] = await control.query(
      `SELECT count(*)::int AS rows, min(requests)::int AS least
         FROM strangler_control.unclaimed_requests WHERE path <> '/now'`,
    );
    return Number(row?.['rows']) <= 1_000 && row;
  });
  expect(left).toEqual({ rows: 1_000, least: 101 });
});
