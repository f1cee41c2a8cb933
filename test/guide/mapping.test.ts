import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, runProgram, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';

const guide = await readFile(new URL('../../docs/guide/mapping.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const file = fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url));

let dir: string;
let sides: { readonly monolith: TestDatabase; readonly service: TestDatabase };
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-mapping-guide-'));
  for (const { text } of blocks.filter(({ kind }) => kind === 'json')) {
    const { context } = JSON.parse(text) as { context: string };
    await writeFile(join(dir, `${context}.json`), text);
  }
  sides = {
    monolith: await createTestDatabase('guide_invoices'),
    service: await createTestDatabase('guide_bills'),
  };
  env = {
    ...process.env,
    STRANGLER_CONTEXTS: dir,
    SHOP_DATABASE_URL: sides.monolith.url,
    BILLING_DATABASE_URL: sides.service.url,
  };
});
afterAll(async () => {
  for (const database of Object.values(sides ?? {})) await database.drop();
  await rm(dir, { recursive: true, force: true });
});

async function run(side: keyof typeof sides, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: sides[side].url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
const strangler = (line: string) =>
  runProgram({ name: 'strangler', file, args: line.trim().split(' ').slice(1), env });

test('the guide shows what the commands say, in its order', async () => {
  const said: string[] = [];
  for (const { kind, text } of blocks) {
    if (kind === 'sql') await run(text.startsWith('-- the service') ? 'service' : 'monolith', text);
    if (kind === 'sh') {
      const { code, stdout } = await strangler(text);
      said.push(`${stdout}\n`);
      expect(code).toBe(stdout.includes('would not come back') ? 3 : 0);
    }
  }
  expect(said).toEqual(blocks.filter(({ kind }) => kind === 'text').map(({ text }) => text));

  const checked = await strangler('strangler mapping check billing --json');
  expect(checked.code).toBe(3);
  expect(JSON.parse(checked.stdout)).toMatchObject({
    ok: false,
    columns: expect.arrayContaining([
      {
        side: 'monolith',
        table: 'public.invoices',
        column: 'paid',
        line: 'contexts/billing: tables[0].service[0].columns.paid',
        rows: 3,
        inexact: 1,
        example: 'J',
      },
    ]),
  });
});

test('rows of the service are checked on their way back', async () => {
  await run('service', `INSERT INTO bills VALUES (gen_random_uuid(), 'NaN', NULL, now(), 'i')`);
  const { code, stdout } = await strangler('strangler mapping check billing --json');
  expect(code).toBe(3);
  const { columns } = JSON.parse(stdout) as {
    columns: readonly { side: string; column: string; inexact: number }[];
  };
  const bad = columns.filter(({ side, inexact }) => side === 'service' && inexact > 0);
  expect(bad.map(({ column }) => column)).toEqual(['total', 'made_at', 'kind']);
});

test.each([
  ['nothing', 'billing maps no table public.nothing (it maps public.invoices)'],
  ['invoices --key none', 'public.invoices has no row none'],
  ['invoices --key a,b', 'the key of public.invoices is ref'],
])('preview of %s is refused by name', async (asked, message) => {
  const { code, stderr } = await strangler(`strangler mapping preview billing ${asked}`);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
