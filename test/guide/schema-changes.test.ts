import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, runProgram, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';

const guide = await readFile(
  new URL('../../docs/guide/schema-changes.md', import.meta.url),
  'utf8',
);
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}));
const [monolithSchema = '', serviceSchema = '', ...changes] = blocks
  .filter(({ kind }) => kind === 'sql')
  .map(({ text }) => text);
/** What the guide shows after a change: `text` of the check, `plan` of the plan. */
const shown = changes.map((sql) => {
  const at = blocks.findIndex(({ text }) => text === sql);
  const end = blocks.findIndex(({ kind }, index) => index > at && kind === 'sql');
  const after = blocks.slice(at + 1, end === -1 ? undefined : end);
  return {
    sql,
    text: after.find(({ kind }) => kind === 'text'),
    plan: after.find(({ kind }) => kind === 'plan'),
  };
});

let dir: string;
let databases: TestDatabase[];
let env: NodeJS.ProcessEnv;

const make = async (label: string, schema: string): Promise<TestDatabase> => {
  const database = await createTestDatabase(label);
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(schema);
  await client.end();
  return database;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-schema-guide-'));
  await writeFile(join(dir, 'goods.json'), blocks.find(({ kind }) => kind === 'json')?.text ?? '');
  const service = await make('guide_goods', serviceSchema);
  const scratch = await make('guide_scratch', monolithSchema);
  databases = [service, scratch];
  env = { ...process.env, STRANGLER_CONTEXTS: dir, GOODS_DATABASE_URL: service.url };
});
afterAll(async () => {
  for (const database of databases ?? []) await database.drop();
  await rm(dir, { recursive: true, force: true });
});

const strangler = (verb: string, file: string): Promise<{ code: number | null; stdout: string }> =>
  runProgram({
    name: 'strangler',
    file: fileURLToPath(new URL('../../migration/bin/strangler.js', import.meta.url)),
    args: ['schema', verb, 'goods', '--sql', file, '--scratch', databases[1]!.url],
    env,
  });

test.each(shown)('the guide shows what the commands say of $sql', async ({ sql, text, plan }) => {
  const file = join(dir, 'change.sql');
  await writeFile(file, sql);
  const check = await strangler('check', file);
  expect(`${check.stdout}\n`).toBe(text?.text);
  expect(check.code).toBe(/Not as it is/.test(check.stdout) ? 3 : 0);
  const planned = plan === undefined ? undefined : `${(await strangler('plan', file)).stdout}\n`;
  expect(planned).toBe(plan?.text);
});
