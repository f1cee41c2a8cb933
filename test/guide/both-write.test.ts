import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, runProgram, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';

const guide = await readFile(new URL('../../docs/guide/both-write.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const file = fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url));
const places = ['monolith', 'service', 'control'] as const;
type Place = (typeof places)[number];

let dir: string;
let env: NodeJS.ProcessEnv;
const databases = new Map<Place, TestDatabase>();
const clients = new Map<Place, pg.Client>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-both-write-guide-'));
  for (const { text } of blocks.filter(({ kind }) => kind === 'json'))
    await writeFile(join(dir, `${(JSON.parse(text) as { context: string }).context}.json`), text);
  for (const place of places) {
    const database = await createTestDatabase(`both_write_${place}`);
    databases.set(place, database);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    clients.set(place, client);
  }
  env = {
    ...process.env,
    STRANGLER_CONTEXTS: dir,
    STRANGLER_CONTROL_URL: databases.get('control')?.url,
    SHOP_URL: 'http://127.0.0.1:1',
    ORDERS_URL: 'http://127.0.0.1:1',
    SHOP_DATABASE_URL: databases.get('monolith')?.url,
    ORDERS_DATABASE_URL: databases.get('service')?.url,
  };
});
afterAll(async () => {
  for (const context of ['audit', 'audit-back'])
    await strangler(`strangler rollback ${context} --yes --force --reason test`);
  for (const client of clients.values()) await client.end();
  for (const database of databases.values()) await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const strangler = (line: string) =>
  runProgram({ name: 'strangler', file, args: line.trim().split(' ').slice(1), env });
const sql = async (place: Place, text: string): Promise<pg.QueryResult> => {
  const client = clients.get(place);
  if (client === undefined) throw new Error(`no ${place}`);
  return client.query(text);
};
const saidIn = async (place: 'monolith' | 'service'): Promise<unknown[]> => {
  const text = place === 'monolith' ? 'said AS text FROM audit_log' : 'text FROM audit';
  const { rows } = await sql(place, `SELECT origin || ' ' || id AS key, ${text} ORDER BY 1`);
  return rows.map(({ key, text: said }: { key: string; text: string }) => `${key}: ${said}`);
};
const run = async (text: string): Promise<void> => {
  for (const line of text.trim().split('\n')) {
    const { code, stdout, stderr } = await strangler(line);
    // other rules of doctor than these two contexts' are none of the guide's
    const isWell = code === 0 || line.includes('doctor');
    expect([line, isWell, isWell || `${stdout}${stderr}`]).toEqual([line, true, true]);
    if (line.includes('doctor')) expect(stdout + stderr).not.toContain('KEYS_COLLIDE');
  }
};

test('the guide shows what the commands do, in its order, and both sides have the rows of both', async () => {
  for (const { kind, text } of blocks) {
    if (kind === 'sql') await sql(text.startsWith('-- the service') ? 'service' : 'monolith', text);
    if (kind !== 'sh') continue;
    // the service began before anybody carried its rows
    if (text.includes('replicate'))
      await sql('service', `INSERT INTO audit (text) VALUES ('an order was made')`);
    await run(text);
  }
  const rows = [
    'monolith 1: Ada signed in',
    'monolith 2: Bob signed in',
    'service 1: an order was made',
  ];
  expect([await saidIn('monolith'), await saidIn('service')]).toEqual([rows, rows]);
});

test('a new beginning empties its own direction, and no row of the other', async () => {
  await sql('service', 'ALTER TABLE audit DISABLE TRIGGER ALL');
  await sql('service', `INSERT INTO audit VALUES ('monolith', 77, 'forged')`);
  await sql('service', 'ALTER TABLE audit ENABLE TRIGGER ALL');
  await run('strangler replicate audit --restart --yes --until-caught-up\nstrangler verify audit');
  expect(await saidIn('service')).toEqual(await saidIn('monolith'));
  expect(await saidIn('service')).toContain('service 1: an order was made');
});

test('a table whose key does not tell whose a row is stops by name, in doctor as well', async () => {
  await sql('monolith', 'ALTER TABLE audit_log DISABLE TRIGGER ALL');
  await sql('monolith', `DELETE FROM audit_log WHERE origin = 'service'`);
  await sql(
    'monolith',
    'ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey, ADD PRIMARY KEY (id)',
  );
  const doctor = await strangler('strangler doctor audit');
  expect([doctor.code, doctor.stdout + doctor.stderr]).toEqual([
    1,
    expect.stringMatching(
      /mapping\n.*\n.*KEYS_COLLIDE: .*does not hold origin, which tells whose a row is/,
    ),
  ]);
});
