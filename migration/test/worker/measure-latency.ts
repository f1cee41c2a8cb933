import { startPostgres } from '@strangler-toolkit/dev-stack';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { openControl } from '../../src/control/index.ts';
import { connect } from '../../src/database/connect.ts';
import { embeddedTransport } from '../../src/stream/index.ts';
import { runWorker } from '../../src/worker/index.ts';
import { definition } from './shop.ts';

/** Prints how long a committed change takes until the other side shows it, and how fast a backlog is caught up. Not a test. */
const server = await startPostgres();
const [controlUrl, monolithUrl, serviceUrl] = [
  await server.createDatabase('c'),
  await server.createDatabase('m'),
  await server.createDatabase('s'),
];
const monolith = await connect(monolithUrl, { applicationName: 'measure' });
const service = await connect(serviceUrl, { applicationName: 'measure' });
const stop = new AbortController();
const control = await openControl(controlUrl);
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const first: MigrationDefinition = {
  ...definition,
  tables: [
    {
      monolith: 'products',
      service: [{ table: 'goods', columns: { id: 'good_id', name: 'title' } }],
    },
  ],
};
let running: Promise<void> | undefined;
try {
  await monolith.query(
    `CREATE TABLE products (id bigint PRIMARY KEY, name text); INSERT INTO products SELECT n, 'p' FROM generate_series(1, 1000) n`,
  );
  await service.query('CREATE TABLE goods (good_id bigint PRIMARY KEY, title text)');
  await control.contexts.register('goods', 'replicated');
  await control.contexts.setStage({
    context: 'goods',
    expectedStage: 'monolith',
    stage: 'replicating',
  });
  const start = (signal: AbortSignal): Promise<void> =>
    runWorker({
      definition: first,
      controlUrl,
      monolithUrl,
      serviceUrl,
      transport: embeddedTransport,
      signal,
    });
  const trickle = new AbortController();
  running = start(trickle.signal);
  const titleOf = async (id: number): Promise<string | null | undefined> =>
    (
      await service.query<{ title: string | null }>({
        name: 'look',
        text: 'SELECT title FROM goods WHERE good_id = $1',
        values: [id],
      })
    ).rows[0]?.title;
  while ((await control.watermarks.get('goods', 'forward'))?.state !== 'caught-up') await pause(50);
  const times: number[] = [];
  const began = performance.now();
  for (let n = 0; n < 1000; n += 1) {
    const wait = began + n * 5 - performance.now();
    if (wait > 0) await pause(wait);
    await monolith.query({
      name: 'write',
      text: 'UPDATE products SET name = $1 WHERE id = $2',
      values: [`v${n}`, 1 + (n % 1000)],
    });
    if (n % 10 !== 0) continue;
    const committed = performance.now();
    while ((await titleOf(1 + (n % 1000))) !== `v${n}`) await pause(0);
    times.push(performance.now() - committed);
  }
  const rate = Math.round(1000 / ((performance.now() - began) / 1000));
  times.sort((a, b) => a - b);
  trickle.abort();
  await running;
  await monolith.query(
    `DO $$ BEGIN FOR n IN 1..100000 LOOP UPDATE products SET name = 'c' || n WHERE id = 1 + n % 1000; COMMIT; END LOOP; END $$`,
  );
  const caughtUp = performance.now();
  running = start(stop.signal);
  while ((await titleOf(1)) !== 'c100000') await pause(5);
  const seconds = (performance.now() - caughtUp) / 1000;
  console.log(
    JSON.stringify({
      writesPerSecond: rate,
      p50Ms: times[Math.floor(times.length * 0.5)]?.toFixed(1),
      p99Ms: times[Math.floor(times.length * 0.99)]?.toFixed(1),
      catchUpSeconds: seconds.toFixed(2),
      catchUpPerSecond: Math.round(100_000 / seconds),
    }),
  );
} finally {
  stop.abort();
  await running;
  await control.close();
  await monolith.end();
  await service.end();
  await server.stop();
}
