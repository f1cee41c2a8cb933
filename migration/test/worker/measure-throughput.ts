import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '@strangler-toolkit/dev-stack';
import { defineMigration } from '@strangler-toolkit/plan';
import { openControl } from '../../src/control/index.ts';
import { connect, databaseName } from '../../src/database/connect.ts';
import { ensurePublication, replicationNames } from '../../src/stream/index.ts';
import { embeddedTransport } from '../../src/stream/index.ts';
import { runWorker } from '../../src/worker/index.ts';

/**
 * Prints how fast a backlog is caught up: by PostgreSQL's own subscription and by the worker, in turns, between the same two
 * databases, from the moment that the slot is read until the last change is visible; then how long a change takes. Not a test.
 *
 *   node --conditions=strangler-source migration/test/worker/measure-throughput.ts [rounds] [changes] [workloads,…] [--cpu-prof]
 */
const columns = {
  id: 'id',
  customer: 'customer',
  state: 'state',
  total: 'total',
  changed: 'changed',
  note: 'note',
};
const definition = defineMigration({
  context: 'shop',
  data: 'replicated',
  monolith: { url: 'http://127.0.0.1:1' },
  service: { url: 'http://127.0.0.1:1' },
  routes: [],
  tables: [{ monolith: 'orders', service: [{ table: 'orders', columns }] }],
});

const profile = process.argv.includes('--cpu-prof');
const [first = '3', ...others] = process.argv
  .slice(2)
  .filter((argument) => argument !== '--cpu-prof');
if (first === 'worker') {
  const [controlUrl = '', monolithUrl = '', serviceUrl = ''] = others;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  await runWorker({
    definition,
    controlUrl,
    monolithUrl,
    serviceUrl,
    transport: embeddedTransport,
    signal: stop.signal,
    onProgress: (step) => {
      if (step.phase === 'failed') console.error(step);
    },
  });
  process.exit(0);
}

const rounds = Number(first);
const changes = Number(others[0] ?? 100_000);
const rows = 100_000;

/** `body` changes the row `k`, which is there, or makes the row `n`, which is not; `size` changes are one transaction. */
const update = `UPDATE orders SET state = 's' || n % 7, total = n, changed = now() WHERE id = k`;
const insert = `INSERT INTO orders VALUES (n, n % 1000, 'new', n * 0.5, now(), 'note of ' || n)`;
const mixed = `IF n % 20 < 11 THEN ${update}; ELSIF n % 20 < 18 THEN ${insert}; ELSE DELETE FROM orders WHERE id = n - 2; END IF`;
const workloads: Record<string, { readonly body: string; readonly size: number }> = {
  'insert-1': { body: insert, size: 1 },
  'insert-1000': { body: insert, size: 1000 },
  'update-1': { body: update, size: 1 },
  'update-1000': { body: update, size: 1000 },
  'mixed-1': { body: mixed, size: 1 },
  'mixed-1000': { body: mixed, size: 1000 },
};
const chosen = others[1]?.split(',') ?? [...Object.keys(workloads), 'latency'];

const server = await startPostgres({
  settings: ['max_wal_size=8GB', 'checkpoint_timeout=1h', 'shared_buffers=512MB'],
});
const [controlUrl, monolithUrl, serviceUrl, nativeUrl] = [
  await server.createDatabase('c'),
  await server.createDatabase('m'),
  await server.createDatabase('s'),
  await server.createDatabase('n'),
];
const open = (url: string): ReturnType<typeof connect> =>
  connect(url, { applicationName: 'measure' });
const [monolith, service, native] = [
  await open(monolithUrl),
  await open(serviceUrl),
  await open(nativeUrl),
];
const control = await openControl(controlUrl);
const until = async (condition: () => Promise<unknown>, everyMs = 5): Promise<void> => {
  for (const deadline = performance.now() + 300_000; !(await condition());) {
    if (performance.now() > deadline) throw new Error('not within five minutes');
    await new Promise((resolve) => {
      setTimeout(resolve, everyMs);
    });
  }
};
const active = async (slot: string): Promise<boolean> =>
  (
    await monolith.query<{ active: string }>({
      name: 'active',
      text: 'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
      values: [slot],
    })
  ).rows[0]?.active === 't';

interface Runner {
  readonly client: typeof service;
  readonly slot: string;
  /** Of the connection that writes. */
  readonly applyPid: string;
  /** The process id is 0 when no process of ours takes part. */
  readonly start: (
    name: string,
  ) => Promise<{ readonly pid: number; readonly stop: () => Promise<void> }>;
}

/** Seconds of CPU that a process has used (Linux). */
async function cpuOf(pid: number): Promise<number> {
  const text = pid === 0 ? '' : await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

const { slot } = replicationNames('shop', 'forward', databaseName(monolithUrl));
const runners: Record<string, Runner> = {
  native: {
    client: native,
    slot: 'native',
    applyPid: `SELECT pid FROM pg_stat_activity WHERE backend_type = 'logical replication apply worker'`,
    async start() {
      await native.query('ALTER SUBSCRIPTION native ENABLE');
      return {
        pid: 0,
        stop: async () => void (await native.query('ALTER SUBSCRIPTION native DISABLE')),
      };
    },
  },
  worker: {
    client: service,
    slot,
    applyPid: `SELECT pid FROM pg_stat_activity WHERE application_name = 'strangler-apply-shop'`,
    async start(name) {
      const flags = process.env['TGC']
        ? ['--trace-gc']
        : profile
          ? ['--cpu-prof', '--cpu-prof-dir=/tmp/profiles', `--cpu-prof-name=${name}.cpuprofile`]
          : [];
      const child = spawn(
        process.execPath,
        [
          '--conditions=strangler-source',
          ...flags,
          fileURLToPath(import.meta.url),
          'worker',
          controlUrl,
          monolithUrl,
          serviceUrl,
        ],
        { stdio: 'inherit' },
      );
      const exited = new Promise<void>((resolve) => {
        child.once('exit', () => resolve());
      });
      return {
        pid: child.pid ?? 0,
        async stop() {
          child.kill('SIGTERM');
          await exited;
        },
      };
    },
  },
};

let marker = 0;
interface Run {
  readonly seconds: number;
  /** Microseconds of CPU per change: of our process, of the source's walsender, of the target's writing backend. */
  readonly cpu: readonly [number, number, number];
}
async function catchUp(
  { client, slot: name, start, applyPid }: Runner,
  label: string,
): Promise<Run> {
  const { pid, stop } = await start(label);
  await until(() => active(name));
  const began = performance.now();
  const pidOf = async (text: string): Promise<number> =>
    Number((await monolith.query<{ pid: string }>(text)).rows[0]?.pid ?? 0);
  const pids = [
    pid,
    await pidOf(`SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = '${name}'`),
    await pidOf(applyPid),
  ];
  const before = await Promise.all(pids.map(cpuOf));
  await until(
    async () =>
      (
        await client.query({
          name: 'marker',
          text: 'SELECT FROM orders WHERE id = $1',
          values: [marker],
        })
      ).rowCount,
  );
  const seconds = (performance.now() - began) / 1000;
  const [node = 0, sender = 0, target = 0] = (await Promise.all(pids.map(cpuOf))).map(
    (used, index) => ((used - (before[index] ?? 0)) * 1e6) / changes,
  );
  await stop();
  await until(async () => !(await active(name)));
  return { seconds, cpu: [node, sender, target] };
}

const at = (values: readonly number[], part: number): string =>
  ([...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN).toFixed(1);

/** Milliseconds from a commit at the source until the target shows it, of every tenth of 1,000 one-row updates a second. */
async function latencies({ client, slot: name, start }: Runner): Promise<number[]> {
  const { stop } = await start('latency');
  await until(() => active(name));
  const times: number[] = [];
  const began = performance.now();
  const looking: Promise<void>[] = [];
  for (let n = 1; n <= 10_000; n += 1) {
    const wait = began + n - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const id = 1 + (n % 1000);
    await monolith.query({
      name: 'write',
      text: 'UPDATE orders SET note = $1 WHERE id = $2',
      values: [`v${n}`, id],
    });
    if (n % 10 !== 0) continue;
    const committed = performance.now();
    // the first second is the worker's start
    if (n < 2000) continue;
    looking.push(
      until(async () => {
        const { rows: seen } = await client.query<{ note: string }>({
          name: 'look',
          text: 'SELECT note FROM orders WHERE id = $1',
          values: [id],
        });
        return Number(seen[0]?.note.slice(1)) >= n;
      }, 1).then(() => void times.push(performance.now() - committed)),
    );
  }
  await Promise.all(looking);
  console.log(
    'latency at',
    Math.round(10_000 / ((performance.now() - began) / 1000)),
    'one-row updates/s, ms:',
    name,
    'p50',
    at(times, 0.5),
    'p99',
    at(times, 0.99),
    'max',
    at(times, 1 - 1e-9),
  );
  await stop();
  await until(async () => !(await active(name)));
  return times;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

try {
  for (const client of [monolith, service, native]) {
    await client.query(
      `CREATE TABLE orders (id bigint PRIMARY KEY, customer integer NOT NULL, state text NOT NULL, total numeric(12,2), changed timestamptz, note text)`,
    );
  }
  await monolith.query(
    `INSERT INTO orders SELECT n, n % 1000, 'new', n * 0.5, '2026-01-01', 'note of ' || n FROM generate_series(1, ${rows}) n`,
  );
  await monolith.query(`CREATE PUBLICATION native FOR TABLE orders`);
  await monolith.query(`SELECT pg_create_logical_replication_slot('native', 'pgoutput')`);
  await native.query(
    `INSERT INTO orders SELECT n, n % 1000, 'new', n * 0.5, '2026-01-01', 'note of ' || n FROM generate_series(1, ${rows}) n`,
  );
  await native.query(
    `CREATE SUBSCRIPTION native CONNECTION '${monolithUrl}' PUBLICATION native WITH (create_slot = false, slot_name = 'native', copy_data = false, enabled = false)`,
  );
  await ensurePublication(
    monolith,
    replicationNames('shop', 'forward', databaseName(monolithUrl)).publication,
    [{ schema: 'public', table: 'orders' }],
  );
  await control.contexts.register('shop', 'replicated');
  await control.contexts.setStage({
    context: 'shop',
    expectedStage: 'monolith',
    stage: 'replicating',
  });
  const stopCopying = await runners['worker']?.start('copy');
  await until(async () => (await control.watermarks.get('shop', 'forward'))?.state === 'caught-up');
  await stopCopying?.stop();
  let next = rows + 1;
  for (const [name, { body, size }] of Object.entries(workloads)) {
    if (!chosen.includes(name)) continue;
    const runs: Record<string, Run[]> = { native: [], worker: [] };
    for (let round = 0; round < rounds; round += 1) {
      await monolith.query('SET synchronous_commit = off');
      await monolith.query(
        `DO $$ DECLARE k bigint; BEGIN FOR n IN ${next}..${next + changes - 1} LOOP k := 1 + (n::bigint * 7919) % ${rows}; ${body}; IF n % ${size} = 0 THEN COMMIT; END IF; END LOOP; END $$`,
      );
      next += changes;
      marker -= 1_000_000_000;
      await monolith.query('SET synchronous_commit = on');
      await monolith.query(`INSERT INTO orders VALUES ($1, 0, 'marker')`, [marker]);
      for (const who of round % 2 === 0 ? ['native', 'worker'] : ['worker', 'native'])
        runs[who]?.push(await catchUp(runners[who] as Runner, `${name}-${round}`));
    }
    const rate = (who: string): number =>
      Math.round(changes / median((runs[who] ?? []).map(({ seconds }) => seconds)));
    const cpu = (who: string): string =>
      [0, 1, 2]
        .map((part) => median((runs[who] ?? []).map((run) => run.cpu[part] ?? 0)).toFixed(1))
        .join('/');
    const ratios =
      runs['native']?.map(
        ({ seconds }, index) => seconds / (runs['worker']?.[index]?.seconds ?? Number.NaN),
      ) ?? [];
    console.log(
      name.padEnd(12),
      'rows/s native',
      rate('native'),
      'worker',
      rate('worker'),
      '| ratio',
      median(ratios).toFixed(2),
      `(${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
      '| CPU us/row node/sender/target: native',
      cpu('native'),
      'worker',
      cpu('worker'),
    );
  }
  if (chosen.includes('latency'))
    for (const runner of Object.values(runners)) await latencies(runner);
  const sums = await Promise.all(
    [monolith, service, native].map(
      async (client) =>
        (
          await client.query<{ sum: string }>(
            `SELECT count(*) || ' ' || sum(hashtext(o::text)) AS sum FROM orders o`,
          )
        ).rows[0]?.sum,
    ),
  );
  console.log(JSON.stringify({ equal: new Set(sums).size === 1, sums }));
} finally {
  await control.close();
  for (const client of [monolith, service, native]) await client.end();
  await server.stop();
}
