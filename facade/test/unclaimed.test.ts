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

test('writes that the monolith was asked for are told with their time, claimed or not; reads and what is missing are not', async () => {
  await ask(facade.port, '/orders/7', { method: 'DELETE' });
  await ask(facade.port, '/missing/7', { method: 'DELETE' });
  await ask(facade.port, '/orders/7');
  await ask(facade.port, '/api/items');
  await ask(facade.port, '/api/items', { method: 'POST' });
  const told = () =>
    control.query(
      `SELECT facade, method, path, context, route, requests::int AS requests, cardinality(traces) AS traces,
              ended_at >= started_at AND ended_at BETWEEN clock_timestamp() - interval '5 min' AND clock_timestamp() + interval '5 s' AS timed
         FROM strangler_control.write_windows ORDER BY path`,
    );
  await until('all are committed', async () => (await told()).length >= 2);
  const one = { facade: 'facade', requests: 1, traces: 1, timed: true };
  expect(await told()).toEqual([
    { ...one, method: 'POST', path: '/api/items', context: 'items', route: 'add' },
    { ...one, method: 'DELETE', path: '/orders/:id', context: '', route: '' },
  ]);
});

test('of each path the newest thousand times stay, of all twenty thousand, and none longer than a day', async () => {
  await control.query(
    `INSERT INTO strangler_control.write_windows (facade, method, path, context, route, started_at, ended_at, requests, traces)
     SELECT 'f', 'PUT', path, '', '', at, at, 1, '{}'::text[] FROM (
       SELECT '/old' AS path, clock_timestamp() - interval '25 h' AS at
        UNION ALL SELECT '/' || path, clock_timestamp() FROM generate_series(1, 1000), generate_series(1, 19) AS path
        UNION ALL SELECT '/busy', clock_timestamp() FROM generate_series(1, 2000)) AS told`,
  );
  const left = await until('it is swept', async () => {
    await ask(facade.port, '/now');
    const [row] = await control.query(
      `SELECT count(*)::int AS rows, count(*) FILTER (WHERE path = '/busy')::int AS busy,
              count(*) FILTER (WHERE path = '/old')::int AS old FROM strangler_control.write_windows`,
    );
    return Number(row?.['old']) === 0 && row;
  });
  // the oldest of 21,000 and of 2,000 of one path are gone
  expect(left).toEqual({ rows: 19_000, busy: 1_000, old: 0 });
});
