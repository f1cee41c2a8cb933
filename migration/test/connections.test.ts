import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@strangler-toolkit/dev-stack';
import type pg from 'pg';
import { Connections } from '../src/database/connections.ts';

let database: TestDatabase;
let connections: Connections;
beforeAll(async () => {
  database = await createTestDatabase('connections');
  connections = new Connections({ applicationName: 'test' });
});
afterAll(() => database?.drop());

const session = async (client: pg.Client): Promise<unknown> =>
  (await client.query<{ pid: string }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
const ask = (): Promise<unknown> => connections.with(database.url, session);
const onlooker = new Connections({ applicationName: 'test' });
const others = async (): Promise<unknown> =>
  onlooker.with(
    database.url,
    async (client) =>
      (
        await client.query(
          'SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        )
      ).rowCount,
  );

test('each work has a connection of its own, where nobody keeps them', async () => {
  expect(await ask()).not.toBe(await ask());
});

test('while they are kept, one after the other has the same; two at once have two, and none is left', async () => {
  await connections.keeping(async () => {
    const first = await ask();
    expect(await ask()).toBe(first);
    const both = await connections.with(database.url, async (client) => [
      await session(client),
      await ask(),
    ]);
    expect(both[0]).toBe(first);
    expect(both[1]).not.toBe(first);
  });
  await until('they are gone', async () => (await others()) === 0);
});

test('one that was left in a transaction, failed, or was ended by the server is nobody else’s', async () => {
  await connections.keeping(async () => {
    const left = await connections.with(database.url, async (client) => {
      await client.query('BEGIN');
      return session(client);
    });
    let failed: unknown;
    const failing = connections.with(database.url, async (client) => {
      failed = await session(client);
      await client.query('nonsense');
    });
    await expect(failing).rejects.toThrow('syntax');
    const ended = await ask();
    expect(new Set([left, failed, ended]).size).toBe(3);
    await onlooker.with(database.url, (client) =>
      client.query('SELECT pg_terminate_backend($1)', [ended]),
    );
    await until('the end was noticed', async () => (await ask()) !== ended);
  });
});

test('used again and again, a session tells nobody what the one before set, and the process hears of no leak', async () => {
  const warned: string[] = [];
  const listen = (warning: Error): void => void warned.push(warning.name);
  process.on('warning', listen);
  const seen = new Set<unknown>();
  await connections.keeping(async () => {
    for (let time = 0; time < 20; time += 1)
      await connections.with(database.url, async (client) => {
        const show =
          'SELECT pg_backend_pid() AS pid, current_setting($1) AS role, current_setting($2) AS zone';
        const { rows } = await client.query(show, ['session_replication_role', 'TimeZone']);
        seen.add(JSON.stringify(rows));
        await client.query(`SET session_replication_role = replica; SET TimeZone = 'Asia/Kolkata'`);
      });
  });
  process.off('warning', listen);
  expect([...seen]).toEqual([expect.stringMatching(/"role":"origin","zone":"UTC"/)]);
  expect(warned).toEqual([]);
});
