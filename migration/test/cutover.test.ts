import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { bothSides } from '@strangler-toolkit/plan';
import pg from 'pg';
import { applying } from '../src/replica/fences.ts';
import { readOwnerNote } from '../src/replica/owners.ts';
import { withConnection } from '../src/database/connect.ts';
import {
  contextTables,
  cutover,
  fenceStatus,
  installFence,
  type MoveResult,
  rollback,
} from '../src/cutover/index.ts';
import { definition } from './cutover-context.ts';
import { hammer, type Ledger, openFacade, stopHammers, type TestFacade } from './cutover-facade.ts';
import { referenceKeepsInSync } from './cutover-reference.ts';
import { protocol } from '../src/cutover/protocol.ts';
import type { Transport } from '../src/stream/transport.ts';
import { consistentState, oneOwner, openScene, type Scene, settled } from './cutover-scene.ts';

let scene: Scene;
const facades: TestFacade[] = [];
beforeAll(async () => {
  scene = await openScene('cutover');
});
afterEach(async () => {
  await stopHammers();
  for (const facade of facades.splice(0)) await facade.close();
});
afterAll(async () => {
  await scene?.close();
});

const facade = async (
  ...args: Parameters<typeof openFacade> extends [Scene, ...infer R] ? R : never
): Promise<TestFacade> => {
  const opened = await openFacade(scene, ...args);
  facades.push(opened);
  return opened;
};
const refusedFor = async (result: Promise<MoveResult>): Promise<string | undefined> => {
  const { error, outcome } = await result;
  return `${outcome}: ${error?.code}`;
};
const onControl = (sql: string): Promise<unknown> =>
  withConnection(scene.control.url, { applicationName: 'test' }, (client) => client.query(sql));
const emptySteps = (result: MoveResult): string[] =>
  result.steps.map((step) => `${step.step}: ${step.status}`);

/** What a worker goes on counting meanwhile stays out of these tables. */
const countedByWorkers: Readonly<Record<string, string>> = {
  'strangler.streams':
    'SELECT context, direction, epoch, state FROM strangler.streams ORDER BY 1, 2',
  'strangler.marks': 'SELECT context, direction, line FROM strangler.marks ORDER BY 1, 2, 3',
};

/** Everything that a move may change, on all three databases; what workers and facades tell as they go on is left out. */
async function everything(): Promise<Record<string, unknown>> {
  const look = (url: string, own: string) =>
    withConnection(url, { applicationName: 'test' }, async (client) => {
      const rows = async (sql: string): Promise<unknown[][]> =>
        (await client.query({ text: sql, rowMode: 'array' })).rows;
      const tables = await rows(
        `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN (${own})
           AND tablename NOT IN ('watermarks', 'heartbeat', 'instances', 'instance_contexts') ORDER BY 1`,
      );
      const contents: unknown[] = [];
      for (const [table] of tables)
        contents.push([
          table,
          ...(await rows(
            countedByWorkers[String(table)] ?? `SELECT t::text FROM ${String(table)} t ORDER BY 1`,
          )),
        ]);
      return {
        contents,
        sequences: await rows(
          `SELECT schemaname, sequencename, last_value FROM pg_sequences WHERE schemaname IN ('public', ${own}) ORDER BY 1, 2`,
        ),
        triggers: await rows(
          'SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2',
        ),
        functions: await rows(
          `SELECT oid::regprocedure FROM pg_proc WHERE pronamespace::regnamespace::text IN (${own}) ORDER BY 1`,
        ),
        published: await rows('SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2'),
        slots: await rows(
          'SELECT slot_name FROM pg_replication_slots WHERE database = current_database() ORDER BY 1',
        ),
      };
    });
  return {
    monolith: await look(scene.databases.monolith.url, `'strangler'`),
    service: await look(scene.databases.service.url, `'strangler'`),
    control: await look(scene.control.url, `'strangler_control'`),
  };
}

// First: the monolith has no schema of fences yet, and a dry run makes none.
describe('a dry run', () => {
  test('walks through every step and changes nothing: no sequence, probe, lease, fence, slot, guard or line of the journal', async () => {
    await facade('a');
    await scene.sql.monolith.query(`SELECT nextval('tags_id_seq')`);
    const before = await everything();
    const result = await cutover({ ...scene.options, dryRun: true });
    expect(result).toMatchObject({ outcome: 'planned', owner: 'monolith', moveId: null });
    expect(result.error).toBeUndefined();
    expect(emptySteps(result)).toEqual(protocol.map(({ name }) => `${name}: planned`));
    expect(await everything()).toEqual(before);
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
  });
});

/** A change that the service refused. */
async function parked(): Promise<void> {
  const event = {
    op: 'c',
    before: null,
    after: { id: '9999', sku: 'x', state: 'A', n: '0' },
    source: {
      connector: 'postgresql',
      db: 'm',
      schema: 'public',
      table: 'products',
      txId: 1,
      lsn: '1',
      ts_us: '1',
    },
    position: { commitLsn: '1', index: 0 },
  };
  await scene.sql.service.query(
    `INSERT INTO strangler.dead_letters (context, direction, table_name, key, event, error_code, error)
     VALUES ('shop', 'forward', 'public.products', '{"id":"9999"}', $1, '23514', 'refused by a constraint')`,
    [event],
  );
}

describe('a move that cannot go through leaves everything as it was', () => {
  afterEach(async () => {
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
    // The stream goes on: a write made now arrives.
    await scene.sql.monolith.query(`UPDATE products SET n = n + 1 WHERE sku = 'seed-2'`);
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
  });

  test('no facade is alive', async () => {
    expect(await refusedFor(cutover(scene.options))).toBe('aborted: NO_FACADE');
  });

  test('a facade never confirms the hold, and is named', async () => {
    await facade('listening');
    await facade('deaf one', { deaf: true });
    const result = await cutover({
      ...scene.options,
      definition: { ...definition, cutover: { ...definition.cutover, holdTimeoutMs: 1000 } },
    });
    expect(result).toMatchObject({
      outcome: 'aborted',
      error: { code: 'HOLD_TIMEOUT', message: expect.stringContaining('deaf one') },
    });
    expect(result.error?.message).not.toContain('listening');
  });

  test('a long transaction keeps the tables, and is named', async () => {
    await facade('a');
    const client = new pg.Client({
      connectionString: scene.databases.monolith.url,
      application_name: 'nightly job',
    });
    await client.connect();
    // It begins after the reverse proof: making a slot on the same server would already wait for it.
    const result = await cutover({
      ...scene.options,
      async onStep({ step, moment }) {
        if (step === 'hold' && moment === 'acted')
          await client.query(`BEGIN; UPDATE products SET n = n + 1 WHERE sku = 'seed-3'`);
      },
    });
    await client.query('COMMIT');
    await client.end();
    expect(result).toMatchObject({
      outcome: 'aborted',
      error: { code: 'FENCE_TIMEOUT', message: expect.stringContaining('nightly job') },
    });
  });

  test('a transaction elsewhere on the server keeps the new slot from being made, and is named with a remedy', async () => {
    await facade('a');
    // Another database of the same server: a slot waits for it all the same.
    const client = new pg.Client({
      connectionString: scene.databases.control.url,
      application_name: 'month end report',
    });
    await client.connect();
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const dry = await cutover({ ...scene.options, dryRun: true });
    const pid = String(rows[0]?.pid);
    // other suites use this server: a transaction of theirs may be the one that is waited for
    const result = await until('a move that waits for this one alone', async () => {
      const move = await cutover({ ...scene.options, proofTimeoutMs: 1000 });
      expect(move).toMatchObject({ outcome: 'aborted', error: { code: 'REVERSE_UNPROVEN' } });
      const blockers = move.error?.details.blockers;
      return Array.isArray(blockers) && blockers.length === 1 && blockers[0].pid === pid && move;
    }).finally(() => void client.end());
    expect(result.error?.message).toMatch(
      new RegExp(
        `pid ${pid} \\(month end report, user postgres, database ${scene.databases.control.name}, idle in transaction, for [\\d.]+ s\\)`,
      ),
    );
    expect(result.error?.remedy).toContain(`pg_terminate_backend(${pid})`);
    expect(result.error?.details.blockers).toMatchObject([
      { pid, application: 'month end report', database: scene.databases.control.name },
    ]);
    expect(dry.steps.find((step) => step.step === 'prove-reverse')?.status).toBe('planned');
  });

  test('somebody cancels while the new slot waits', async () => {
    await facade('a');
    const client = new pg.Client({ connectionString: scene.databases.control.url });
    await client.connect();
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    const cancel = new AbortController();
    const moving = cutover({ ...scene.options, signal: cancel.signal });
    await until(
      'the slot waits',
      async () =>
        (
          await scene.sql.monolith.query(
            `SELECT FROM pg_stat_activity WHERE application_name = 'strangler-make-slot' AND wait_event_type = 'Lock' AND datname = $1`,
            [scene.databases.service.name],
          )
        ).rowCount === 1,
    );
    cancel.abort();
    const result = await moving;
    await client.end();
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CANCELLED' } });
  });

  test('the worker stands still', async () => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      definition: { ...definition, cutover: { ...definition.cutover, catchUpTimeoutMs: 500 } },
      onStep: ({ step, moment }) =>
        void (step === 'hold' && moment === 'acted' && scene.worker()?.kill('SIGSTOP')),
    });
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CATCH_UP_TIMEOUT' } });
    // once nobody has heard of it for long, no write is held for it
    await onControl(
      `UPDATE strangler_control.watermarks SET heartbeat_at = heartbeat_at - interval '1 hour'`,
    );
    const later = await cutover(scene.options);
    scene.worker()?.kill('SIGCONT');
    expect([later.error?.code, emptySteps(later)[0]]).toEqual([
      'WORKER_NOT_RUNNING',
      'prepare: failed',
    ]);
  });

  test('the context is not at the stage that it begins at', async () => {
    await facade('a');
    await onControl(`UPDATE strangler_control.contexts SET stage = 'shadowing'`);
    expect(await refusedFor(cutover(scene.options))).toBe('refused: MOVE_NOT_ALLOWED');
    await onControl(`UPDATE strangler_control.contexts SET stage = 'canary'`);
  });

  test('the way back lacks a privilege', async () => {
    await facade('a');
    const role = `${scene.databases.monolith.name}_weak`;
    await scene.sql.monolith.query(
      `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'weak'; GRANT USAGE ON SCHEMA public TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}; GRANT ALL ON products TO ${role}`,
    );
    const url = new URL(scene.databases.monolith.url);
    url.username = role;
    url.password = 'weak';
    await scene.sql.monolith.query(
      `GRANT ALL ON SCHEMA strangler TO ${role}; GRANT ALL ON ALL TABLES IN SCHEMA strangler TO ${role}; GRANT ALL ON ALL SEQUENCES IN SCHEMA strangler TO ${role}`,
    );
    expect(await refusedFor(cutover({ ...scene.options, monolithUrl: url.href }))).toBe(
      'aborted: REVERSE_UNPROVEN',
    );
    await scene.sql.monolith.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('somebody cancels while writes are held', async () => {
    await facade('a');
    const cancel = new AbortController();
    const modes: string[] = [];
    const ofService = async () =>
      (await fenceStatus(scene.sql.service, 'shop', contextTables(definition).service)).mode;
    const result = await cutover({
      ...scene.options,
      signal: cancel.signal,
      async onStep({ step, moment }) {
        // a table of the side that takes over lost its fence
        if (step === 'prepare' && moment === 'started')
          await scene.sql.service.query('DROP TRIGGER strangler_fence ON labels');
        if (step !== 'fence-source' || moment !== 'acted') return;
        modes.push(await ofService());
        cancel.abort();
      },
    });
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CANCELLED' } });
    expect(modes).toEqual(['refuse']);
  });

  test.each<[string, 'monolith' | 'service', string]>([
    [
      'somebody opens the fence and closes it again, after the last comparison',
      'monolith',
      `ALTER TABLE products DISABLE TRIGGER ALL; INSERT INTO products (sku) VALUES ('past the fence'); ALTER TABLE products ENABLE TRIGGER ALL`,
    ],
    [
      'somebody opens and closes the fence of the side that takes over',
      'service',
      'ALTER TABLE labels DISABLE TRIGGER ALL; ALTER TABLE labels ENABLE TRIGGER ALL',
    ],
    [
      'somebody alters the function of the fence, and puts it back',
      'service',
      'ALTER FUNCTION strangler.fence_refuse() COST 1; ALTER FUNCTION strangler.fence_refuse() COST 100',
    ],
  ])('%s', async (_name, side, sql) => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      async onStep({ step, moment }) {
        if (step === 'sequences' && moment === 'started') await scene.sql[side].query(sql);
      },
    });
    expect(result).toMatchObject({
      outcome: 'aborted',
      error: { code: 'FENCE_OPENED', message: expect.stringContaining(side) },
    });
    await scene.sql.monolith.query(`DELETE FROM products WHERE sku = 'past the fence'`);
  });

  test('the fence of one of the tables does not hold', async () => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      async onStep({ step, moment }) {
        if (step === 'fence-source' && moment === 'middle')
          await scene.sql.monolith.query('ALTER TABLE tags DISABLE TRIGGER strangler_fence');
      },
    });
    expect(result).toMatchObject({
      outcome: 'aborted',
      error: { code: 'INTERNAL', message: expect.stringMatching(/tags.* lets writes pass/) },
    });
  });

  test('the service is further behind than writes may wait', async () => {
    await facade('a');
    const gates = { ...definition.gates, maxLagSeconds: -1 };
    const result = await cutover({ ...scene.options, definition: { ...definition, gates } });
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'CATCH_UP_TIMEOUT' } });
    expect(emptySteps(result)[0]).toBe('prepare: failed');
  });

  test('the sides differ', async () => {
    await facade('a');
    await scene.sql.service.query(
      `${applying()}; UPDATE item_counts SET n = 77 WHERE item_id = 9; RESET session_replication_role`,
    );
    expect(await refusedFor(cutover(scene.options))).toBe('aborted: VERIFY_DIFFERENCES');
    await scene.sql.service.query(
      `${applying()}; UPDATE item_counts SET n = 0 WHERE item_id = 9; RESET session_replication_role`,
    );
  });

  test('a change could not be applied', async () => {
    await facade('a');
    await parked();
    const result = await cutover(scene.options);
    expect([result.outcome, result.error?.code, emptySteps(result)]).toEqual([
      'aborted',
      'DEAD_LETTERS',
      [
        'prepare: failed',
        'close-stream: undone',
        'fence-source: undone',
        'hold: undone',
        'prove-reverse: undone',
      ],
    ]);
    await scene.sql.service.query(`DELETE FROM strangler.dead_letters`);
  });

  test('one of the last changes before the fence could not be applied', async () => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      onStep: ({ step, moment }) =>
        step === 'catch-up' && moment === 'done' ? parked() : undefined,
    });
    expect([result.outcome, result.error?.code]).toEqual(['aborted', 'DEAD_LETTERS']);
    expect(emptySteps(result)).toContain('close-stream: failed');
    await scene.sql.service.query(`DELETE FROM strangler.dead_letters`);
  });

  test('the transport still holds changes of the tables, although the position says otherwise', async () => {
    await facade('a');
    let asked: unknown;
    const transport: Transport = {
      ...scene.options.transport,
      unapplied: async ({ direction }, { tables }) => {
        asked = [direction, tables.map(({ table }) => table)];
        return ['shop.public.products/0: 41 applied, 42 there'];
      },
    };
    const result = await cutover({ ...scene.options, transport });
    expect([result.outcome, result.error?.code, result.error?.message]).toEqual([
      'aborted',
      'CATCH_UP_TIMEOUT',
      'changes of shop are left in the transport: shop.public.products/0: 41 applied, 42 there',
    ]);
    expect(asked).toEqual(['forward', ['products', 'tags']]);
  });

  test('the worker carries changes another way than the command would', async () => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      transport: { ...scene.options.transport, kind: 'kafka' },
    });
    expect([
      result.outcome,
      result.error?.code,
      result.steps[0]?.step,
      result.error?.message,
    ]).toEqual([
      'aborted',
      'CONFIG_INVALID',
      'prepare',
      expect.stringContaining('uses the transport embedded, this command kafka'),
    ]);
  });

  test('another command is at work', async () => {
    await facade('a');
    const lease = await scene.control.leases.acquire({
      context: 'shop',
      holder: 'somebody',
      move: 'cutover',
    });
    expect(await refusedFor(cutover(scene.options))).toBe('refused: LEASE_HELD');
    await lease.release();
  });

  test('the lease was taken over while the process slept: it changes nothing more', async () => {
    await facade('a');
    const result = await cutover({
      ...scene.options,
      async onStep({ step, moment }) {
        if (step === 'close-stream' && moment === 'done')
          await withConnection(scene.control.url, { applicationName: 'test' }, (client) =>
            client.query(
              `UPDATE strangler_control.leases SET token = gen_random_uuid(), expires_at = clock_timestamp() - interval '1 second' WHERE context = 'shop'`,
            ),
          );
      },
    });
    expect(result).toMatchObject({ outcome: 'aborted', error: { code: 'LEASE_LOST' } });
  });

  test('a fence in audit mode stands again', async () => {
    await facade('a');
    const tables = [
      { schema: 'public', table: 'products' },
      { schema: 'public', table: 'tags' },
    ];
    await installFence(scene.sql.monolith, {
      context: 'shop',
      tables,
      owner: 'monolith',
      mode: 'audit',
    });
    const cancel = new AbortController();
    await cutover({
      ...scene.options,
      signal: cancel.signal,
      onStep: ({ step, moment }) =>
        step === 'verify' && moment === 'started' ? cancel.abort() : undefined,
    });
    expect((await fenceStatus(scene.sql.monolith, 'shop', tables)).mode).toBe('audit');
    await scene.sql.monolith.query(
      'DROP TRIGGER strangler_fence ON products; DROP TRIGGER strangler_fence ON tags',
    );
  });
});

describe('cutover and rollback', () => {
  test('move the writes there and back under load, and no write is lost, doubled or refused', async () => {
    const [one, two] = [await facade('one'), await facade('two')];
    const ledger: Ledger = { acknowledged: new Set(), increments: 0, failures: [] };
    const before = Number(
      (await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n,
    );
    const writers = [hammer(one, ledger, 3), hammer(two, ledger, 3)];
    const moves: MoveResult[] = [];
    for (const [move, owner] of [
      [cutover, 'service'],
      [rollback, 'monolith'],
      [cutover, 'service'],
      [rollback, 'monolith'],
    ] as const) {
      const seen = ledger.increments;
      await until('writes flow', async () => ledger.increments > seen + 50);
      const result = await move(scene.options);
      moves.push(result);
      expect({
        outcome: result.outcome,
        error: result.error?.message,
        owner: result.owner,
        steps: emptySteps(result).filter((step) => !step.endsWith('done')),
      }).toEqual({ outcome: 'done', error: undefined, owner, steps: [] });
      const at = result.steps.at(-1);
      expect(at?.step).toBe('drop-old-stream');
      await until('the new stream runs', async () => {
        const row = await scene.control.contexts.require('shop');
        const watermark = await scene.control.watermarks.get(
          'shop',
          owner === 'service' ? 'reverse' : 'forward',
        );
        return watermark?.epoch === row.epoch && (watermark.lagSeconds ?? 99) < 2;
      });
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
    expect(ledger.failures).toEqual([]);
    expect(one.heldWrites + two.heldWrites).toBeGreaterThan(0);
    const { rows } = await scene.sql.monolith.query<{ sku: string }>(
      `SELECT sku FROM products WHERE sku NOT LIKE 'seed-%'`,
    );
    expect(new Set(rows.map((row) => row.sku))).toEqual(ledger.acknowledged);
    expect(rows.length).toBe(ledger.acknowledged.size);
    expect(
      Number(
        (await scene.sql.monolith.query(`SELECT n FROM products WHERE sku = 'seed-1'`)).rows[0]?.n,
      ) - before,
    ).toBe(ledger.increments);
    for (const result of moves) expect(result.writePauseMs).toBeGreaterThan(0);
    for (const result of moves) expect(result.writePauseMs).toBeLessThan(8000);
  });

  test('a reference keeps in sync before, during and after a move of the context beside it, and the service never writes it', async () => {
    const ledger: Ledger = { acknowledged: new Set(), increments: 0, failures: [] };
    await referenceKeepsInSync(scene, await facade('one'), ledger, null);
    expect(await consistentState(scene)).toEqual(oneOwner('monolith'));
  });

  test('a job that writes past the facades, until the fence meets it, loses no write that it was told of', async () => {
    await facade('a');
    const job = new pg.Client({
      connectionString: scene.databases.monolith.url,
      application_name: 'nightly job',
    });
    await job.connect();
    const write = (sku: string) => job.query('INSERT INTO products (sku) VALUES ($1)', [sku]);
    const result = await cutover({
      ...scene.options,
      async onStep({ step, moment }) {
        if (step === 'fence-source' && moment === 'started') {
          // Everything so far is applied, what comes now is not, for a while: only a stop position that includes it saves it.
          const { rows } = await job.query<{ lsn: string }>(
            'SELECT pg_current_wal_insert_lsn()::text AS lsn',
          );
          await until(
            'all is applied',
            async () =>
              (
                await scene.sql.service.query(
                  'SELECT FROM strangler.streams WHERE position >= $1',
                  [rows[0]?.lsn],
                )
              ).rowCount === 1,
          );
          scene.worker()?.kill('SIGSTOP');
          await write('last before the fence');
          // Whoever holds writes makes no counters: what is missing now stays so.
          await scene.sql.monolith.query(
            `DELETE FROM strangler.refusals WHERE operation = 'moment'`,
          );
          const { rows: moments } = await scene.sql.monolith.query<{ name: string }>(
            `SELECT strangler.refusal_counter('shop', '', 'moment', '') AS name`,
          );
          await scene.sql.monolith.query(`DROP SEQUENCE strangler.${moments[0]?.name}`);
        }
        if (step === 'catch-up' && moment === 'started')
          setTimeout(() => scene.worker()?.kill('SIGCONT'), 300);
        // Whoever comes to either side now, with an older word of the control database, is refused.
        if (step === 'release' && moment === 'started')
          for (const side of bothSides)
            await until(
              `the ${side} knows its new owner`,
              async () => (await readOwnerNote(scene.sql[side], 'shop'))?.owner === 'service',
            );
        if (step === 'flip' && moment === 'started')
          await expect(write('after the fence')).rejects.toMatchObject({ code: 'SF001' });
      },
    });
    scene.worker()?.kill('SIGCONT');
    await job.end();
    expect([result.outcome, result.error?.message]).toEqual(['done', undefined]);
    expect(
      (await scene.sql.service.query(`SELECT sku FROM items WHERE sku LIKE '%the fence'`)).rows,
    ).toEqual([{ sku: 'last before the fence' }]);
    const counted = await scene.sql.monolith.query(
      `SELECT FROM strangler.refusals WHERE operation = 'moment'`,
    );
    expect(counted.rowCount).toBe(0);
    expect(await consistentState(scene)).toEqual(oneOwner('service'));
    await settled(scene);
    expect((await rollback(scene.options)).error?.message).toBeUndefined();
  });

  test('is not repeated by running the command again', async () => {
    await facade('a');
    expect(await refusedFor(rollback(scene.options))).toBe('refused: MOVE_NOT_ALLOWED');
  });
});
