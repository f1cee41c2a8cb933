import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedKafka, until } from '@strangler-toolkit/dev-stack';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { connect } from '../../src/database/connect.ts';
import { applying } from '../../src/replica/fences.ts';
import { dropSlot, replicationNames, slotStatus } from '../../src/stream/index.ts';
import { ConnectClient, failureOf, isRunning } from '../../src/stream/kafka/connect-client.ts';
import { withAdmin } from '../../src/stream/kafka/kafka-client.ts';
import { chooseTransport } from '../../src/stream/choose-transport.ts';
import { tableTopic } from '../../src/stream/kafka/topic-names.ts';
import { cli, type CliResult, json, type RunningCli, startCli } from '../support/cli.ts';
import { openScene, type Scene, shop } from '../support/scene.ts';
import { definition } from './source.ts';
import { makeTopics } from '../../src/stream/kafka/make-topics.ts';

interface Check {
  readonly check: string;
  readonly ok: boolean;
  readonly expected: string;
  readonly actual: string;
  readonly remedy: string;
}

describeWithKafka('the command line over Kafka', () => {
  let scene: Scene;
  let rest: ConnectClient;
  let worker: RunningCli;
  let kafka: { brokers: string[]; clientId: string };
  let slot: string;
  const run = (...args: string[]): Promise<CliResult> => cli(args, scene.env);
  const startWorker = (): RunningCli => (worker = startCli(['replicate', 'catalog'], scene.env));
  const stopWorker = async (): Promise<CliResult> => (worker.child.kill('SIGINT'), worker.done);
  const name = async (): Promise<string> =>
    String((await scene.sql(scene.monolith, 'SELECT stream FROM strangler.heartbeat'))[0]?.stream);
  const rows = async (): Promise<number> =>
    Number((await scene.sql(scene.service, 'SELECT count(*) AS n FROM items'))[0]?.n);
  const wrong = async (): Promise<Check[]> =>
    json<{ checks: Check[] }>(await run('doctor', 'catalog', '--json')).checks.filter(
      ({ ok }) => !ok,
    );
  /** What doctor finds wrong, once it is about this. */
  const finds = (check: string): Promise<Check> =>
    until(
      `doctor finds ${check}`,
      async () => (await wrong()).find((one) => one.check.startsWith(check)),
      { everyMs: 500 },
    );
  const right = async (): Promise<void> => {
    let last: Check[] = [];
    const nothing = async (): Promise<boolean> => {
      last = await wrong();
      // who touches a connector has it read anew: that no rows are missing is for a comparison to say
      if (last.length === 1 && last[0]?.check === 'Kafka Connect since the last verification')
        await run('verify', 'catalog');
      return last.length === 0;
    };
    await until('doctor finds nothing', nothing, { everyMs: 500 }).catch((error: Error) =>
      Promise.reject(new Error(`${error.message}: ${JSON.stringify(last)}`)),
    );
  };
  const mended = async (): Promise<void> => {
    await stopWorker();
    startWorker();
    await right();
  };

  beforeAll(async () => {
    const shared = await sharedKafka();
    scene = await openScene('kafka_cli', {
      STRANGLER_TRANSPORT: 'kafka',
      KAFKA_BROKERS: shared.brokers,
      CONNECT_URL: shared.connectUrl,
    });
    rest = new ConnectClient(shared.connectUrl);
    kafka = { brokers: shared.brokers.split(','), clientId: 'test' };
    ({ slot } = replicationNames('catalog', 'forward', scene.monolith.name));
  });
  afterAll(async () => {
    if (!scene) return;
    worker?.child.kill('SIGKILL');
    await worker?.done;
    const client = await connect(scene.monolith.url, { applicationName: 'test' });
    await chooseTransport(definition, scene.env)
      .remove({ context: 'catalog', direction: 'forward', url: scene.monolith.url, client })
      .catch(() => undefined);
    await dropSlot(client, slot, { timeoutMs: 30_000 }).catch(() => undefined);
    await client.end();
    await scene.close();
  });

  test('brokers and Connect that nobody named are asked for by name', async () => {
    const ask = async (env: Record<string, string | undefined>) =>
      json<{ error: { code: string; message: string } }>(
        await cli(['replicate', 'catalog', '--json'], { ...scene.env, ...env }),
      ).error;
    expect(await ask({ KAFKA_BROKERS: undefined })).toMatchObject({
      code: 'CONFIG_ENV_MISSING',
      message: expect.stringContaining('KAFKA_BROKERS is not set'),
    });
    expect(await ask({ CONNECT_URL: undefined })).toMatchObject({
      code: 'CONFIG_ENV_MISSING',
      message: expect.stringContaining('CONNECT_URL is not set'),
    });
    expect(await ask({ CONNECT_URL: 'connect:8083' })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('http://'),
    });
    expect(await ask({ KAFKA_BROKERS: 'kafka' })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('"kafka" is not host:port'),
    });
    expect(await ask({ STRANGLER_TRANSPORT: 'pigeon' })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('embedded or kafka'),
    });
  });

  test('what cannot be replicated is refused before anything is fenced', async () => {
    await scene.sql(scene.monolith, 'ALTER TABLE products ADD COLUMN prices money[]');
    await scene.sql(scene.service, 'ALTER TABLE items ADD COLUMN prices money[]');
    const file = join(scene.dir, 'catalog.json');
    await writeFile(
      file,
      JSON.stringify({
        ...shop,
        tables: [
          {
            monolith: 'products',
            service: [{ table: 'items', columns: { id: 'id', name: 'title', prices: 'prices' } }],
          },
        ],
      }),
    );
    const refused = await run('replicate', 'catalog', '--json');
    expect(json(refused)).toMatchObject({
      error: {
        code: 'TYPE_UNSUPPORTED',
        message: expect.stringContaining('public.products.prices (money[]'),
      },
    });
    await writeFile(file, JSON.stringify(shop));
    await scene.sql(scene.monolith, 'ALTER TABLE products DROP COLUMN prices');
    await scene.sql(scene.service, 'ALTER TABLE items DROP COLUMN prices');
    const unreachable = await cli(['replicate', 'catalog', '--json'], {
      ...scene.env,
      CONNECT_URL: 'http://127.0.0.1:1',
    });
    expect(json(unreachable)).toMatchObject({ error: { code: 'CONNECT_UNREACHABLE' } });
    expect(json(await run('status', 'catalog', '--json'))).toMatchObject({ stage: 'monolith' });
    expect(json(await run('doctor', 'catalog', '--json'))).toMatchObject({ ok: true });
  });

  test('a dry run shows slot, topics and the connector without its password', async () => {
    const { stdout, code } = await run('replicate', 'catalog', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(slot);
    expect(stdout).toMatch(/make topics: \S+\.public\.products \(3\)/);
    expect(stdout).toContain('"snapshot.mode": "no_data"');
    expect(stdout).toContain('"database.password": "***"');
    expect(await rest.list()).not.toContainEqual(expect.stringContaining(slot));
  });

  test('replicate copies, registers the connector and streams; doctor finds nothing wrong', async () => {
    startWorker();
    await until('copied', async () => (await rows().catch(() => 0)) === 50);
    await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('new')`);
    await until('streamed', async () => (await rows()) === 51);
    await right();
  });

  test('status shows slot, connector, task and partitions', async () => {
    const { stream } = json<{ stream: Record<string, unknown> }>(
      await run('status', 'catalog', '--json'),
    );
    expect(stream).toMatchObject({
      transport: 'kafka',
      direction: 'forward',
      slot: { name: slot, active: true, walStatus: 'reserved' },
      connector: { state: 'RUNNING', tasks: ['RUNNING'], failure: null },
      problems: [],
    });
    expect(stream.partitions).toHaveLength(4);
    const { stdout } = await run('status', 'catalog');
    expect(stdout).toMatch(/slot +read, .* of log kept \(reserved\)/);
    expect(stdout).toMatch(/connector +RUNNING, task RUNNING, last beat \d+ s ago/);
    expect(stdout).toMatch(/topics +4 partitions, \d+ messages not applied/);
  });

  test('a table is read again while changes go on: rows that were lost at the service are back', async () => {
    await scene.sql(
      scene.service,
      `${applying()}; DELETE FROM items WHERE id BETWEEN 10 AND 20; UPDATE items SET title = 'spoiled' WHERE id = 30`,
    );
    let n = 0;
    const writing = setInterval(
      () =>
        void scene
          .sql(scene.monolith, `UPDATE products SET name = 'busy ${(n += 1)}' WHERE id = 40`)
          .catch(() => undefined),
      50,
    );
    const result = await run('resync', 'catalog', 'products', '--json');
    clearInterval(writing);
    expect(json(result)).toMatchObject({
      context: 'catalog',
      direction: 'forward',
      tables: ['products'],
    });
    expect(json<{ chunks: number }>(result).chunks).toBeGreaterThan(0);
    expect(json<{ messages: number }>(result).messages).toBeGreaterThanOrEqual(51);
    await until('equal', async () => (await run('verify', 'catalog', '--json')).code === 0);
    expect(await rows()).toBe(51);
    expect(
      (await scene.sql(scene.monolith, 'SELECT count(*)::int AS n FROM strangler.signal'))[0],
    ).toEqual({ n: 0 });
  });

  test('a table that is not mapped is not read again, and the embedded transport says what to do instead', async () => {
    expect((await run('resync', 'catalog', 'nothing')).code).toBe(2);
    expect(
      json(
        await cli(['resync', 'catalog', 'products', '--json'], {
          ...scene.env,
          STRANGLER_TRANSPORT: 'embedded',
        }),
      ),
    ).toMatchObject({
      error: { code: 'MOVE_NOT_ALLOWED', remedy: expect.stringContaining('--repair') },
    });
  });

  test('Ctrl-C ends the reading of a large table at the connector, too', async () => {
    await scene.sql(
      scene.monolith,
      `INSERT INTO products (name) SELECT 'many ' || n FROM generate_series(1, 80000) n`,
    );
    await until('all there', async () => (await rows()) === 80_051);
    const resync = startCli(['resync', 'catalog', 'products', '--json'], scene.env);
    await until(
      'some chunks',
      async () =>
        Number(
          (
            await scene.sql(
              scene.monolith,
              `SELECT count(*) AS n FROM strangler.signal WHERE type = 'snapshot-window-open'`,
            )
          )[0]?.n,
        ) > 1,
    );
    resync.child.kill('SIGINT');
    const ended = await resync.done;
    expect(ended.code).toBe(130);
    expect(json(ended)).toMatchObject({ error: { code: 'CANCELLED' } });
    const chunks = async () =>
      Number(
        (
          await scene.sql(
            scene.monolith,
            `SELECT count(*) AS n FROM strangler.signal WHERE type LIKE 'snapshot-window-%'`,
          )
        )[0]?.n,
      );
    await until('no more chunks', async () => {
      const before = await chunks();
      const wait = performance.now() + 3000;
      await until('3 s', async () => performance.now() > wait);
      return (await chunks()) === before;
    });
    expect((await rest.offset(await name()))?.incremental_snapshot_collections).toBeUndefined();
    await scene.sql(scene.monolith, 'DELETE FROM products WHERE id > 51');
    await until('gone', async () => (await rows()) === 51);
  });

  test('doctor names a setting that loses changes, with the reason; the worker sets it right and says so', async () => {
    // It would set a connector right that is silent for too long.
    await stopWorker();
    const config = await rest.config(await name());
    // What it sent with these settings, the worker would rightly refuse.
    await rest.stop(await name());
    await until('stopped', async () => (await rest.status(await name()))?.tasks.length === 0);
    await rest.put(await name(), {
      ...config,
      'skipped.operations': 't',
      'decimal.handling.mode': 'double',
      'value.converter.schemas.enable': 'true',
      'snapshot.mode': 'initial',
    });
    expect(await finds('connector setting skipped.operations')).toMatchObject({
      expected: 'none (otherwise TRUNCATE is left out silently)',
      actual: 't',
    });
    expect(
      (await wrong())
        .map(({ check }) => check)
        .filter((check) => check.startsWith('connector setting')),
    ).toEqual(
      [
        'decimal.handling.mode',
        'skipped.operations',
        'snapshot.mode',
        'value.converter.schemas.enable',
      ].map((setting) => `connector setting ${setting}`),
    );
    const dry = await run('replicate', 'catalog', '--dry-run');
    expect(dry.stdout).toContain('decimal.handling.mode: double → string');
    startWorker();
    await worker.shows('skipped.operations: t → none');
    await right();
  });

  test('doctor finds a connector that is paused, and one that is missing', async () => {
    await stopWorker();
    await rest.pause(await name());
    expect(await finds('connector strangler')).toMatchObject({
      expected: 'RUNNING, task RUNNING',
      actual: expect.stringContaining('PAUSED'),
    });
    await mended();
    await stopWorker();
    await rest.delete(await name());
    expect(await finds('connector strangler')).toMatchObject({
      actual: 'missing',
      remedy: expect.stringContaining('strangler replicate catalog'),
    });
    await mended();
  });

  test('what was verified before Connect began anew is no proof any more: gates, status and doctor say so, until all is compared again', async () => {
    type Gate = { gate: string; ok: boolean; actual: string; command: string };
    const verification = async (): Promise<Gate | undefined> =>
      json<{ gates: Gate[] }>(await run('can-i', 'shadow', 'catalog', '--json')).gates.find(
        ({ gate }) => gate === 'verification',
      );
    expect((await run('verify', 'catalog')).code).toBe(0);
    expect(await verification()).toMatchObject({ ok: true });
    await rest.restart(await name());
    const told =
      "Kafka Connect began to read the monolith's log anew, and where it goes on in the middle of a COPY it may leave rows out";
    await until('it reads again', async () => {
      const found = await verification();
      return found?.ok === false && found.actual.includes(told);
    });
    expect(await verification()).toMatchObject({ command: 'strangler verify catalog' });
    expect((await run('status', 'catalog')).stdout).toContain(told);
    expect(await finds('Kafka Connect since the last verification')).toMatchObject({
      actual: told,
      remedy: expect.stringContaining('strangler verify catalog'),
    });
    expect((await run('verify', 'catalog')).code).toBe(0);
    expect(await verification()).toMatchObject({ ok: true });
    await right();
    // what follows disturbs the connector, and doctor would tell it of this as well
    await scene.sql(
      scene.control,
      `DELETE FROM strangler_control.evidence WHERE kind = 'verification'`,
    );
  });

  test('doctor shows the trace of a task that failed', async () => {
    await stopWorker();
    await rest.put(await name(), {
      ...(await rest.config(await name())),
      'publication.name': 'nowhere',
    });
    await until('failed', async () => failureOf(await rest.status(await name())) !== null);
    const check = await finds('connector strangler');
    expect(check.actual).toMatch(/FAILED: .*Publication[^]*at io\.debezium/);
    expect(check.remedy).toContain('/restart?includeTasks=true');
    expect(
      json<{ stream: { connector: { failure: string } } }>(await run('status', 'catalog', '--json'))
        .stream.connector.failure,
    ).toContain('ublication');
    startWorker();
    await right();
  });

  test('doctor finds a topic that forgets too soon, and connectors and topics of earlier streams', async () => {
    const topic = tableTopic(await name(), { schema: 'public', table: 'products' });
    await withAdmin(kafka, 'test', async (admin) => {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: 2,
            name: topic,
            configEntries: [
              { name: 'retention.ms', value: '1000000' },
              { name: 'max.message.bytes', value: '67108864' },
            ],
          },
        ],
      });
      await makeTopics(admin, [{ topic: `${slot}_00000000.public.products`, numPartitions: 1 }]);
    });
    expect(await finds('topic settings')).toMatchObject({
      actual: expect.stringContaining('retention.ms 1000000 → 604800000'),
    });
    expect(await finds('forward topics of earlier streams')).toMatchObject({
      actual: `${slot}_00000000.public.products`,
      remedy: expect.stringContaining('--delete --topic'),
    });
    await withAdmin(kafka, 'test', (admin) =>
      admin.deleteTopics({ topics: [`${slot}_00000000.public.products`] }),
    );
    await mended();
  });

  test('doctor says when Kafka or Connect does not answer', async () => {
    const down = json<{ checks: Check[] }>(
      await cli(['doctor', 'catalog', '--json'], {
        ...scene.env,
        CONNECT_URL: 'http://127.0.0.1:1',
        KAFKA_BROKERS: '127.0.0.1:1',
      }),
    ).checks;
    expect(down.find(({ check }) => check === 'Kafka')).toMatchObject({
      ok: false,
      actual: expect.stringContaining('KAFKA_UNREACHABLE'),
    });
    expect(down.find(({ check }) => check === 'Kafka Connect')).toMatchObject({
      ok: false,
      actual: expect.stringContaining('CONNECT_UNREACHABLE'),
    });
    const { stream } = json<{ stream: { problems: string[]; slot: { active: boolean } } }>(
      await cli(['status', 'catalog', '--json'], {
        ...scene.env,
        CONNECT_URL: 'http://127.0.0.1:1',
        KAFKA_BROKERS: '127.0.0.1:1',
      }),
    );
    expect(stream).toMatchObject({
      slot: { active: true },
      problems: [
        expect.stringContaining('CONNECT_UNREACHABLE'),
        expect.stringContaining('KAFKA_UNREACHABLE'),
      ],
    });
  });

  test('a slot that somebody moved on is found, and the stream stops instead of going on past the hole', async () => {
    await stopWorker();
    await rest.stop(await name());
    await until(
      'not read',
      async () =>
        (
          await scene.sql(
            scene.monolith,
            `SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`,
          )
        )[0]?.active === false,
    );
    await scene.sql(scene.monolith, `INSERT INTO products (name) VALUES ('in the hole')`);
    await scene.sql(
      scene.monolith,
      `SELECT pg_replication_slot_advance('${slot}', pg_current_wal_lsn())`,
    );
    expect(await finds('slot and offset')).toMatchObject({
      expected: 'the slot is not ahead of the connector',
      remedy: expect.stringContaining('--restart'),
    });
    startWorker();
    const ended = await worker.done;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('POSITION_GAP');
  });

  test('--restart makes all of it anew', async () => {
    const before = await name();
    const again = startCli(['replicate', 'catalog', '--restart', '--yes'], scene.env);
    worker = again;
    await until(
      'anew',
      async () => (await name()) !== before && isRunning(await rest.status(await name())),
    );
    await until('the row of the hole', async () => (await rows()) === 52);
    await right();
    expect(await rest.config(before)).toBeUndefined();
  });

  test('a publication that was away for a while is a hole, though slot and connector know nothing of it', async () => {
    const { publication } = replicationNames('catalog', 'forward', scene.monolith.name);
    await stopWorker();
    await scene.sql(
      scene.monolith,
      `ALTER PUBLICATION ${publication} RENAME TO elsewhere; INSERT INTO products (name) VALUES ('unpublished')`,
    );
    const beats = async (): Promise<bigint> =>
      BigInt(
        String((await scene.sql(scene.monolith, 'SELECT beat FROM strangler.heartbeat'))[0]?.beat),
      );
    const before = await beats();
    await until('a beat', async () => (await beats()) > before);
    await scene.sql(scene.monolith, `ALTER PUBLICATION elsewhere RENAME TO ${publication}`);
    startWorker();
    const ended = await worker.done;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('POSITION_GAP');
    expect(await finds('worker')).toMatchObject({
      actual: expect.stringContaining('POSITION_GAP'),
      remedy: expect.stringContaining('--restart'),
    });
  });

  test('a slot that is dropped is found, and the worker ends with what to do', async () => {
    await stopWorker();
    await rest.stop(await name());
    const client = await connect(scene.monolith.url, { applicationName: 'test' });
    await until('not read', async () => !(await slotStatus(client, slot))?.active);
    await dropSlot(client, slot);
    await client.end();
    expect(await finds('monolith slot')).toMatchObject({
      actual: 'missing',
      remedy: expect.stringContaining('--restart'),
    });
    expect((await run('status', 'catalog')).stdout).toMatch(/slot +MISSING/);
    startWorker();
    const ended = await worker.done;
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('SLOT_LOST');
  });

  test('no password is on any screen', async () => {
    const role = `secret_${slot.slice(-8)}`;
    const { host, pathname } = new URL(scene.monolith.url);
    await scene.sql(scene.monolith, `CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'sup3rsecret'`);
    const env = {
      ...scene.env,
      MONOLITH_DATABASE_URL: `postgresql://${role}:sup3rsecret@${host}${pathname}`,
    };
    for (const args of [
      ['doctor', 'catalog', '--all'],
      ['doctor', 'catalog', '--json'],
      ['status', 'catalog', '--json'],
      ['replicate', 'catalog', '--dry-run'],
    ]) {
      const { stdout, stderr } = await cli(args, env);
      expect(stdout).toContain(args[0] === 'status' ? '"stream"' : 'connector');
      expect(stdout + stderr).not.toContain('sup3rsecret');
    }
    await scene.sql(scene.monolith, `DROP ROLE ${role}`);
  });
});
