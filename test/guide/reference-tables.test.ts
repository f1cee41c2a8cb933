import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, runProgram, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';

const guide = await readFile(
  new URL('../../docs/guide/reference-tables.md', import.meta.url),
  'utf8',
);
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const file = fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url));

let dir: string;
let sides: Record<'monolith' | 'service' | 'control', TestDatabase>;
let env: NodeJS.ProcessEnv;
const clients = new Map<string, pg.Client>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-reference-guide-'));
  for (const { text } of blocks.filter(({ kind }) => kind === 'json'))
    await writeFile(join(dir, `${(JSON.parse(text) as { context: string }).context}.json`), text);
  sides = {
    monolith: await createTestDatabase('guide_countries'),
    service: await createTestDatabase('guide_lands'),
    control: await createTestDatabase('guide_reference_control'),
  };
  env = {
    ...process.env,
    STRANGLER_CONTEXTS: dir,
    STRANGLER_CONTROL_URL: sides.control.url,
    SHOP_URL: 'http://127.0.0.1:1',
    ORDERS_URL: 'http://127.0.0.1:1',
    SHOP_DATABASE_URL: sides.monolith.url,
    ORDERS_DATABASE_URL: sides.service.url,
  };
  for (const side of ['monolith', 'service'] as const) {
    const client = new pg.Client({ connectionString: sides[side].url });
    await client.connect();
    clients.set(side, client);
  }
});
afterAll(async () => {
  for (const context of ['countries', 'orders'])
    await strangler(`strangler rollback ${context} --yes --force --reason test`);
  for (const client of clients.values()) await client.end();
  for (const database of Object.values(sides ?? {})) await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const sql = async (side: 'monolith' | 'service', text: string): Promise<pg.QueryResult> => {
  const client = clients.get(side);
  if (client === undefined) throw new Error(`no ${side}`);
  return client.query(text);
};
const strangler = (line: string) =>
  runProgram({ name: 'strangler', file, args: line.trim().split(' ').slice(1), env });
const ask = async <T>(line: string): Promise<T> =>
  JSON.parse((await strangler(`${line} --json`)).stdout) as T;

test('the guide shows what the commands do, in its order', async () => {
  let refused = '';
  for (const { kind, text } of blocks) {
    if (kind === 'sql') await sql(text.startsWith('-- the service') ? 'service' : 'monolith', text);
    if (kind === 'text') expect(refused).toContain(text.trim());
    if (kind !== 'sh') continue;
    for (const line of text.trim().split('\n')) {
      const { code, stdout, stderr } = await strangler(line);
      const isRefusal = line.includes('cutover');
      expect([line, code, isRefusal || `${stdout}${stderr}`]).toEqual([
        line,
        isRefusal ? 4 : 0,
        isRefusal || expect.any(String),
      ]);
      if (isRefusal) refused = `${stdout}${stderr}`;
    }
  }
  expect((await sql('service', 'SELECT iso, title FROM lands ORDER BY 1')).rows).toEqual([
    { iso: 'FR', title: 'France' },
    { iso: 'JP', title: 'Japan' },
  ]);
  await expect(sql('service', `INSERT INTO lands VALUES ('XX', 'x')`)).rejects.toMatchObject({
    code: 'SF001',
  });
  const audit = await strangler('strangler fence audit countries on');
  expect([audit.code, audit.stdout + audit.stderr]).toEqual([
    4,
    expect.stringContaining('no write to them is a stray one'),
  ]);
});

interface Told {
  readonly reads: readonly { readonly context: string; readonly problem?: string }[];
  readonly readBy: readonly string[];
  readonly gates: readonly {
    readonly gate: string;
    readonly ok: boolean;
    readonly actual: string;
  }[];
}

test('a context that reads a reference waits for it, status shows both, and the key between them is no question', async () => {
  const orders = await ask<Told>('strangler status orders');
  const countries = await ask<Told>('strangler status countries');
  // It ended when it had caught up.
  expect(orders.reads).toMatchObject([
    { context: 'countries', problem: 'lag: no worker is alive' },
  ]);
  expect(orders.gates.find(({ gate }) => gate === 'references')).toMatchObject({
    ok: false,
    actual: 'countries: lag: no worker is alive',
  });
  expect(countries.readBy).toEqual(['orders (replicating)']);
  const text = (await strangler('strangler status')).stdout;
  expect(text).toContain('reads         countries: forward');
  expect(text).toContain('read by       orders (replicating)');

  const { checks } = await ask<{ checks: { check: string; ok: boolean; actual: string }[] }>(
    'strangler doctor orders',
  );
  const keys = checks.filter(({ check }) => check.startsWith('foreign key'));
  expect(keys.map(({ ok }) => ok)).toEqual([true, true]);
  for (const { actual } of keys)
    expect(actual).toContain('both ends are carried, the other one by context countries');

  // The stream of orders is ahead: the land that one refers to has not come yet.
  await sql(
    'service',
    'ALTER TABLE lands DISABLE TRIGGER ALL; DELETE FROM lands; ALTER TABLE lands ENABLE TRIGGER ALL',
  );
  const late = await strangler('strangler verify orders --json');
  expect([late.code, JSON.parse(late.stdout)]).toMatchObject([
    0,
    { orphans: [{ side: 'service', rows: 2, accepted: true }] },
  ]);
  expect((await strangler('strangler verify countries')).code).toBe(3);
});

test('a reference ends its stream when nobody reads it any more', async () => {
  const moved = new pg.Client({ connectionString: sides.control.url });
  await moved.connect();
  const toStage = (stage: string) =>
    moved.query(`UPDATE strangler_control.contexts SET stage = $1 WHERE context = 'orders'`, [
      stage,
    ]);
  await toStage('canary');
  const plan = JSON.parse(
    (await strangler('strangler cutover orders --dry-run --json')).stdout,
  ) as {
    readonly actions: readonly { readonly action: string; readonly detail: string }[];
  };
  expect(plan.actions.find(({ action }) => action === 'catch-up')?.detail).toMatch(
    /references: \{"countries":"[0-9A-F]+\/[0-9A-F]+"\}/,
  );
  await toStage('shadowing');
  const refused = await strangler('strangler rollback countries --yes --json');
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([
    4,
    expect.stringContaining('read by orders (shadowing)'),
  ]);
  await sql('service', 'ALTER TABLE lands DISABLE TRIGGER ALL');
  await sql('service', `INSERT INTO lands VALUES ('DE', 'Germany')`);
  await sql('service', 'ALTER TABLE lands ENABLE TRIGGER ALL');
  for (const line of [
    'strangler replicate countries --restart --yes --json',
    'strangler replicate countries --restart --dry-run --json',
    'strangler replicate countries --restart --yes --force --json',
  ]) {
    const emptying = await strangler(line);
    const isUsage = line.includes('--force');
    expect([line, emptying.code, emptying.stdout + emptying.stderr]).toEqual([
      line,
      isUsage ? 2 : 4,
      expect.stringContaining(isUsage ? '--reason' : 'read by orders (shadowing)'),
    ]);
  }
  expect((await sql('service', 'SELECT FROM lands')).rowCount).toBe(1);

  const copies = {
    ...(JSON.parse(await readFile(join(dir, 'countries.json'), 'utf8')) as object),
    context: 'copies',
    tables: [{ monolith: 'orders', service: [{ table: 'copies', columns: { id: 'id' } }] }],
  };
  await writeFile(join(dir, 'copies.json'), JSON.stringify(copies));
  await moved.query(
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner)
     VALUES ('copies', 'replicated', 'replicating', 'monolith');
     UPDATE strangler_control.contexts SET stage = 'service', owner = 'service' WHERE context = 'orders'`,
  );
  const { gates } = await ask<Told>('strangler status orders');
  expect(gates.find(({ gate }) => gate === 'readers')).toMatchObject({
    ok: false,
    actual: 'carried on by copies (replicating)',
  });
  await rm(join(dir, 'copies.json'));
  await moved.query(
    `UPDATE strangler_control.contexts SET stage = 'replicating', owner = 'monolith' WHERE context = 'orders'`,
  );
  await moved.end();
  expect((await strangler('strangler rollback countries --yes')).code).toBe(0);
  await sql('service', `INSERT INTO lands VALUES ('XX', 'x')`);
});
