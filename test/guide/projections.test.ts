import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  Hopeless,
  runProgram,
  type TestDatabase,
  until,
} from '@strangler-toolkit/dev-stack';
import { readFreshnessStatement } from '@strangler-toolkit/plan';
import pg from 'pg';

const guide = await readFile(new URL('../../docs/guide/projections.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const file = fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url));
const places = ['monolith', 'warehouse', 'service of orders', 'pages', 'control'] as const;
type Place = (typeof places)[number];

let dir: string;
let env: NodeJS.ProcessEnv;
const databases = new Map<Place, TestDatabase>();
const clients = new Map<Place, pg.Client>();
const workers = new Set<ChildProcess>();

const urlOf = (place: Place): string => databases.get(place)?.url ?? '';
const sql = async (place: Place, text: string): Promise<pg.QueryResult> => {
  const client = clients.get(place);
  if (client === undefined) throw new Error(`no ${place}`);
  return client.query(text);
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-projections-guide-'));
  for (const { text } of blocks.filter(({ kind }) => kind === 'json'))
    await writeFile(join(dir, `${(JSON.parse(text) as { context: string }).context}.json`), text);
  for (const place of places) {
    const database = await createTestDatabase(`projection_${place.replaceAll(' ', '_')}`);
    databases.set(place, database);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    clients.set(place, client);
  }
  const nowhere = 'http://127.0.0.1:1';
  env = {
    ...process.env,
    STRANGLER_CONTEXTS: dir,
    STRANGLER_CONTROL_URL: urlOf('control'),
    SHOP_URL: nowhere,
    ORDERS_URL: nowhere,
    PAGES_URL: nowhere,
    WAREHOUSE_URL: nowhere,
    SHOP_DATABASE_URL: urlOf('monolith'),
    ORDERS_DATABASE_URL: urlOf('service of orders'),
    PAGES_DATABASE_URL: urlOf('pages'),
    WAREHOUSE_DATABASE_URL: urlOf('warehouse'),
  };
});
const endWorkers = async (): Promise<void> => {
  for (const worker of workers) {
    worker.kill('SIGTERM');
    if (worker.exitCode === null) await once(worker, 'exit');
  }
  workers.clear();
};
afterAll(async () => {
  await endWorkers();
  for (const context of ['order-pages', 'stock-lines', 'orders'])
    await strangler(`strangler rollback ${context} --yes --force --reason test`);
  for (const client of clients.values()) await client.end();
  for (const database of databases.values()) await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const strangler = (line: string) =>
  runProgram({ name: 'strangler', file, args: line.trim().split(' ').slice(1), env });
const ok = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await strangler(line);
  expect([line, code, code === 0 || `${stdout}${stderr}`]).toEqual([line, 0, true]);
  return stdout;
};
async function startWorker(context: string): Promise<void> {
  const worker = spawn(process.execPath, [file, 'replicate', context], { env, stdio: 'ignore' });
  workers.add(worker);
  await until(`the worker of ${context} streams`, async () => {
    if (worker.exitCode !== null) throw new Hopeless('it ended');
    const { rowCount } = await sql(
      'control',
      `SELECT FROM strangler_control.watermarks WHERE context = '${context}' AND state NOT IN ('stopped', 'failed')`,
    );
    return rowCount === 1;
  });
}
const pages = async (): Promise<unknown[]> =>
  (
    await sql(
      'pages',
      `SELECT id || ' ' || name || ' ' || item || ' ' || amount AS page
                          FROM order_pages ORDER BY id`,
    )
  ).rows.map(({ page }: { page: string }) => page);
/** As a facade asks before it sends a read to the service. */
const isFresh = async (): Promise<boolean> => {
  const [{ text, values }] = [readFreshnessStatement(['order-pages'], [''], '-infinity')];
  const { rows } = await clients.get('control')!.query<{ fresh: boolean }>(text, values);
  return rows[0]?.fresh === true;
};
const toStage = (context: string, stage: string) =>
  sql(
    'control',
    `UPDATE strangler_control.contexts SET stage = '${stage}' WHERE context = '${context}'`,
  );

test('the guide shows what the commands do, in its order', async () => {
  let refused = '';
  for (const { kind, text } of blocks) {
    if (kind === 'sql')
      await sql(places.find((place) => text.startsWith(`-- the ${place}\n`)) ?? 'control', text);
    if (kind === 'text') expect(refused).toContain(text.trim());
    if (kind !== 'sh') continue;
    for (const line of text.trim().split('\n')) {
      if (!line.includes('cutover')) await ok(line);
      else {
        const { code, stdout, stderr } = await strangler(line);
        expect([line, code]).toEqual([line, 4]);
        refused = stdout + stderr;
      }
    }
  }
  expect(await pages()).toEqual(['10 Ada lamp 7', '11 Bob desk 0']);
  await expect(sql('pages', 'DELETE FROM orders')).rejects.toMatchObject({ code: 'SF001' });
  for (const [line, told] of [
    ['strangler retire order-pages --yes', "retire is not for data 'projection'"],
    ['strangler fence audit order-pages on', 'no write to them is a stray one'],
    ['strangler replicate stock-lines --rebuild --yes', "--rebuild is for data 'projection'"],
    ['strangler replicate order-pages --rebuild --restart --yes', '--rebuild stands alone'],
  ] as const) {
    const { code, stdout, stderr } = await strangler(line);
    expect([line, code !== 0, stdout + stderr]).toEqual([
      line,
      true,
      expect.stringContaining(told),
    ]);
  }
});

test('it follows the owner of a source through cutover and rollback, and that one cannot be retired under it', async () => {
  await ok('strangler replicate orders --until-caught-up');
  await ok('strangler verify orders');
  await startWorker('orders');
  await startWorker('order-pages');
  await toStage('orders', 'canary');
  const hears = (page: string) =>
    until(`the page "${page}" is there`, async () => {
      if ([...workers].some(({ exitCode }) => exitCode !== null))
        throw new Hopeless('a worker ended');
      return (await pages()).includes(page);
    });
  await ok('strangler cutover orders --yes --no-facade --force --reason test');
  await sql('service of orders', `INSERT INTO orders VALUES (12, 1, 'desk')`);
  await hears('12 Ada desk 0');
  const status = JSON.parse(await ok('strangler status orders --json')) as {
    gates: { gate: string; ok: boolean; actual: string }[];
  };
  expect(status.gates.find(({ gate }) => gate === 'readers')).toMatchObject({
    ok: false,
    actual: 'carried on by order-pages (replicating)',
  });
  await ok('strangler rollback orders --yes --no-facade --force --reason test');
  await sql('monolith', `INSERT INTO orders VALUES (13, 2, 'lamp')`);
  await hears('13 Bob lamp 7');
  expect(JSON.parse(await ok('strangler verify order-pages --json'))).toMatchObject({
    differences: 0,
  });
  const alive = await strangler('strangler replicate order-pages --rebuild --yes');
  expect([alive.code, alive.stdout + alive.stderr]).toEqual([
    1,
    expect.stringContaining('WORKER_ALREADY_RUNNING'),
  ]);
  await endWorkers();
});

test('clients read it by shares, and it is built again from zero while the monolith answers them', async () => {
  await toStage('order-pages', 'shadowing');
  const ramp = 'strangler ramp order-pages --dry-run --json';
  const pagesFile = join(dir, 'order-pages.json');
  const asWritten = await readFile(pagesFile, 'utf8');
  const patient = { ...(JSON.parse(asWritten) as object), gates: { rampMinRequests: 0 } };
  await writeFile(pagesFile, JSON.stringify(patient));
  const refused = JSON.parse((await strangler(ramp)).stdout) as { refusal: { gates: object[] } };
  expect(refused.refusal.gates).toMatchObject(
    ['pacts', 'shadow-reads', 'mismatches', 'context-files', 'references'].map((gate) => ({
      gate,
    })),
  );
  await ok(`${ramp} --force --reason test`);
  await writeFile(pagesFile, asWritten);
  await toStage('order-pages', 'canary');
  await sql('pages', 'ALTER TABLE customers DISABLE TRIGGER ALL');
  await sql('pages', `DELETE FROM customers; INSERT INTO customers VALUES (3, 'nobody')`);
  await sql('pages', 'ALTER TABLE customers ENABLE TRIGGER ALL');
  expect(await isFresh()).toBe(true);

  // Killed, or out of luck, in the middle: the stock cannot be copied.
  await sql('warehouse', 'ALTER TABLE stock RENAME TO stocks');
  const broken = await strangler('strangler replicate order-pages --rebuild --yes');
  expect([broken.code, broken.stdout + broken.stderr]).toEqual([
    1,
    expect.stringContaining('stock'),
  ]);
  expect([await isFresh(), await pages()]).toEqual([false, []]);
  const alone = await strangler('strangler replicate order-pages --until-caught-up');
  expect([alone.code, alone.stdout + alone.stderr]).toEqual([
    4,
    expect.stringContaining('neither has stock-lines, which it reads: a rebuild did not end'),
  ]);
  await sql('warehouse', 'ALTER TABLE stocks RENAME TO stock');

  const plan = JSON.parse(
    await ok('strangler replicate order-pages --rebuild --dry-run --json'),
  ) as { actions: { action: string }[] };
  expect(plan.actions.map(({ action }) => action)).toEqual(
    expect.arrayContaining([
      'empty and copy stock-lines, which only it reads',
      "empty the service's tables and forget the position",
    ]),
  );
  await ok('strangler replicate order-pages --rebuild --until-caught-up --yes');
  expect([await isFresh(), await pages()]).toEqual([
    true,
    ['10 Ada lamp 7', '11 Bob desk 0', '12 Ada desk 0', '13 Bob lamp 7'],
  ]);
  for (const context of ['order-pages', 'stock-lines'])
    expect(JSON.parse(await ok(`strangler verify ${context} --json`))).toMatchObject({
      differences: 0,
    });
  await toStage('order-pages', 'replicating');
});
