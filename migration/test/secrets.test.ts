import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { cli, startCli } from './support/cli.ts';
import { openScene, type Scene, shop } from './support/scene.ts';

// words that stand nowhere else: one in a row, one in the URLs of all databases
const inRow = 'Planted-Mood-Of-Ann';
const inUrl = 'planted-password';
const role = `secrets_${process.pid}`;

let scene: Scene;
beforeAll(async () => {
  scene = await openScene('secrets');
  await scene.sql(scene.control, `CREATE ROLE ${role} SUPERUSER LOGIN PASSWORD '${inUrl}'`);
  await scene.sql(
    scene.monolith,
    `CREATE TABLE people (id int PRIMARY KEY, mood text); INSERT INTO people VALUES (1, 'calm')`,
  );
  await scene.sql(
    scene.service,
    `CREATE TYPE mood AS ENUM ('calm'); CREATE TABLE people (id int PRIMARY KEY, mood mood)`,
  );
  const people = {
    ...shop,
    tables: [
      { monolith: 'people', service: [{ table: 'people', columns: { id: 'id', mood: 'mood' } }] },
    ],
  };
  await writeFile(join(scene.dir, 'catalog.json'), JSON.stringify(people));
});
afterAll(async () => {
  for (const { name } of [scene.control, scene.monolith, scene.service])
    await scene.sql(scene.control, `ALTER DATABASE "${name}" OWNER TO CURRENT_USER`);
  for (const database of [scene.control, scene.monolith, scene.service])
    await scene.sql(database, `REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}`);
  await scene.sql(scene.control, `DROP ROLE ${role}`);
  await scene.close();
});

const withPassword = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(scene.env).map(([name, value]) => {
      if (!value.startsWith('postgres')) return [name, value];
      const url = new URL(value);
      url.username = role;
      url.password = inUrl;
      return [name, url.href];
    }),
  );

/** Everything that the control database holds, as text. */
async function kept(): Promise<string> {
  const tables = await scene.sql(
    scene.control,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname LIKE 'strangler%'`,
  );
  const rows = [];
  for (const { name } of tables)
    rows.push(await scene.sql(scene.control, `SELECT to_jsonb(t)::text FROM ${String(name)} t`));
  return JSON.stringify(rows);
}

test('neither rows nor passwords stand in what a worker logs, says at its port, or keeps in the control database', async () => {
  const env = { ...withPassword(), STRANGLER_WORKER_PORT: '0', STRANGLER_LOG: 'json' };
  const worker = startCli(['replicate', 'catalog'], env);
  let logged = '';
  worker.child.stderr!.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const port = () => /http:[^\s"]+/.exec(logged);
  const url = (await until('its port', port, { withinMs: 20_000, alsoTell: () => logged }))[0];
  const said = async (path: string) => (await fetch(url + path)).text();
  await until('it streams', async () => (await said('/health')).includes('streaming'));
  await scene.sql(scene.monolith, `UPDATE people SET mood = '${inRow}'`);
  await until('the change waits as a dead letter', async () => {
    const letters = await scene.sql(scene.service, 'SELECT error FROM strangler.dead_letters');
    return String(letters[0]?.error).includes(inRow);
  });
  const heard = `${await said('/health')}${await said('/metrics')}`;
  worker.child.kill('SIGTERM');
  const { stderr, stdout } = await worker.done;
  // a copy meets the same value
  const again = await cli(['replicate', 'catalog', '--restart', '--yes', '--until-caught-up'], env);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('a value was refused (SQLSTATE 22P02)');
  const all = { heard, stderr, stdout, copied: again.stderr + again.stdout, kept: await kept() };
  expect(all.kept).toContain('a value was refused (SQLSTATE 22P02)');
  for (const [where, text] of Object.entries(all)) {
    expect({ where, row: text.includes(inRow) }).toEqual({ where, row: false });
    expect({ where, password: text.includes(inUrl) }).toEqual({ where, password: false });
  }
});
