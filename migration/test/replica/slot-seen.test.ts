import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '@strangler-toolkit/dev-stack';
import { withConnection } from '../../src/database/connect.ts';
import { installReplicaSchema } from '../../src/replica/schema.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => server?.stop());

const slot = 'seen';
const ask = (sql: string): Promise<Record<string, unknown>[]> =>
  withConnection(server.url('postgres'), { applicationName: 'test' }, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    return rows;
  });
const make = (): Promise<unknown> =>
  ask(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
const commit = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) await ask('INSERT INTO things VALUES (1)');
};
const decode = (): Promise<unknown> =>
  ask(
    `SELECT count(*) FROM pg_logical_slot_get_binary_changes('${slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'all_things')`,
  );
const note = async (): Promise<string> =>
  String((await ask(`SELECT strangler.slot_now('${slot}')::text AS now`))[0]?.['now']);
const madeAnew = async (seen: string): Promise<unknown> =>
  (await ask(`SELECT strangler.slot_made_anew('${seen}'::jsonb, '${slot}')::text AS anew`))[0]?.[
    'anew'
  ];

test('a slot is known as another one by what the server counted, and not after a crash, however often and however much was committed since, nor when somebody resets the count', async () => {
  await withConnection(server.url('postgres'), { applicationName: 'test' }, (client) =>
    installReplicaSchema(client),
  );
  await ask('CREATE TABLE things (n int); CREATE PUBLICATION all_things FOR TABLE things');
  await make();
  let seen = '';
  for (const commits of [20, 5, 40]) {
    await commit(commits);
    await decode();
    seen = await note();
    expect(await madeAnew(seen)).toBe('false');
    await server.crash();
    await server.restart();
    await commit(100);
    expect([commits, await madeAnew(seen)]).toEqual([commits, 'false']);
  }
  await decode();
  seen = await note();
  await ask(`SELECT pg_stat_reset_replication_slot('${slot}')`);
  expect(await madeAnew(seen)).toBe('false');
  await ask(`SELECT pg_drop_replication_slot('${slot}')`);
  await make();
  await commit(3);
  expect(await madeAnew(seen)).toBe('true');
  await decode();
  expect(await madeAnew(seen)).toBe('true');
});
