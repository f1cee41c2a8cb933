import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import {
  type ConnectServer,
  createTestDatabase,
  type KafkaServer,
  startConnect,
  startKafka,
  temporaryFolder,
  type TestDatabase,
  until,
} from '../src/index.ts';
import { makeTopicAt } from './make-topic.ts';
import { alive, listens } from './probes.ts';

const client = (server: KafkaServer, retries = 20): Kafka =>
  new Kafka({
    clientId: 'servers',
    brokers: [server.brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries, initialRetryTime: 100, maxRetryTime: 2_000 },
  });

async function makeTopic(server: KafkaServer, topic: string): Promise<void> {
  const admin = client(server).admin();
  await admin.connect();
  await makeTopicAt(admin, topic, 1);
  await admin.disconnect();
}

async function topics(server: KafkaServer): Promise<string[]> {
  const admin = client(server).admin();
  await admin.connect();
  const names = await admin.listTopics();
  await admin.disconnect();
  return names;
}

async function send(
  server: KafkaServer,
  topic: string,
  values: readonly string[],
  retries?: number,
): Promise<void> {
  const producer = client(server, retries).producer();
  await producer.connect();
  try {
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}

/** Reads from the start until `enough`. */
async function read(
  server: KafkaServer,
  topic: string,
  enough: (values: readonly string[]) => boolean,
): Promise<string[]> {
  const consumer = client(server).consumer({ groupId: `reads-${topic}-${randomUUID()}` });
  const values: string[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      async eachMessage({ message }) {
        if (message.value) values.push(message.value.toString());
      },
    });
    await until(`enough messages in ${topic}`, () => enough(values));
  } finally {
    await consumer.disconnect();
  }
  return values;
}

describeWithKafka(
  "a broker and a worker of one's own",
  () => {
    let kafka: KafkaServer;
    let connect: ConnectServer;
    let database: TestDatabase;
    let postgres: pg.Client;

    beforeAll(async () => {
      kafka = await startKafka();
      connect = await startConnect({ brokers: kafka.brokers });
      database = await createTestDatabase('connect');
      postgres = new pg.Client({ connectionString: database.url });
      await postgres.connect();
    });
    afterAll(async () => {
      await connect?.stop();
      await kafka?.stop();
      await postgres?.end();
      await database?.drop();
    });

    test('a broker killed with -9 and started again still has what it confirmed, at the same address', async () => {
      await makeTopic(kafka, 'kept');
      await send(kafka, 'kept', ['one', 'two']);
      await kafka.crash();
      expect(kafka.running).toBe(false);
      expect(await listens(kafka.port)).toBe(false);
      await kafka.restart();
      await send(kafka, 'kept', ['three']);
      expect(await read(kafka, 'kept', (values) => values.length === 3)).toEqual([
        'one',
        'two',
        'three',
      ]);
    });

    test('a topic that nobody made is not made by asking for it', async () => {
      await expect(send(kafka, 'never-made', ['lost'], 2)).rejects.toThrow(/topic/);
      expect(await topics(kafka)).not.toContain('never-made');
    });

    test('Debezium brings rows of PostgreSQL into a topic, and goes on after kill -9 of its worker', async () => {
      await postgres.query('CREATE TABLE note (id int PRIMARY KEY, words text)');
      const { hostname, port, username, password } = new URL(database.url);
      // while its workers agree who does what, Connect answers 409 to whatever changes something
      const asked = (path: string, init: RequestInit): Promise<Response> =>
        until(`Connect to take ${init.method} ${path}`, async () => {
          const answer = await fetch(connect.url + path, init);
          return answer.status !== 409 && answer;
        });
      const made = await asked('/connectors', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          name: 'notes',
          config: {
            'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
            'plugin.name': 'pgoutput',
            'topic.prefix': 'notes',
            'snapshot.mode': 'no_data',
            'database.hostname': hostname,
            'database.port': port,
            'database.user': username,
            'database.password': password,
            'database.dbname': database.name,
            'table.include.list': 'public.note',
            'publication.autocreate.mode': 'filtered',
            'publication.name': database.name,
            'slot.name': database.name,
            'topic.creation.default.partitions': '1',
            'topic.creation.default.replication.factor': '1',
            'poll.interval.ms': '20',
          },
        }),
      });
      expect(made.status).toBe(201);
      // active it is also while it is made, and what is written before it is made does not come
      await until('the slot is made and read', async () => {
        const { rows } = await postgres.query(
          `SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND active AND confirmed_flush_lsn IS NOT NULL
              AND EXISTS (SELECT FROM pg_publication_tables WHERE pubname = $1)`,
          [database.name],
        );
        return rows.length === 1;
      });
      await postgres.query(`INSERT INTO note VALUES (1, 'before')`);
      const words = (values: readonly string[]): string[] => [
        ...new Set(
          values.map((value) => (JSON.parse(value) as { after: { words: string } }).after.words),
        ),
      ];
      await until('the topic of the table', async () =>
        (await topics(kafka)).includes('notes.public.note'),
      );
      expect(words(await read(kafka, 'notes.public.note', (values) => values.length > 0))).toEqual([
        'before',
      ]);

      await connect.crash();
      expect(await listens(connect.port)).toBe(false);
      await postgres.query(`INSERT INTO note VALUES (2, 'meanwhile')`);
      await connect.restart();
      await postgres.query(`INSERT INTO note VALUES (3, 'after')`);
      expect(
        words(await read(kafka, 'notes.public.note', (values) => words(values).length === 3)),
      ).toEqual(['before', 'meanwhile', 'after']);

      expect((await asked('/connectors/notes', { method: 'DELETE' })).status).toBe(204);
      await until('the slot is free', async () => {
        const { rows } = await postgres.query(
          'SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND active',
          [database.name],
        );
        return rows.length === 0;
      });
    });

    test('two brokers at once know nothing of each other, and one that is stopped leaves no process, port or folder', async () => {
      const other = await startKafka();
      await makeTopic(kafka, 'mine');
      await makeTopic(other, 'yours');
      expect(await topics(kafka)).not.toContain('yours');
      expect(await topics(other)).toEqual(['yours']);
      const { pid, port, folder } = other;
      expect(existsSync(folder)).toBe(true);
      await other.stop();
      expect(alive(pid)).toBe(false);
      expect(await listens(port)).toBe(false);
      expect(existsSync(folder)).toBe(false);
      expect(await topics(kafka)).toContain('mine');
    });

    test('a worker that cannot start says what it printed', async () => {
      await expect(
        startConnect({
          brokers: kafka.brokers,
          settings: { 'key.converter': 'no.such.Converter' },
        }),
      ).rejects.toThrow(/no\.such\.Converter/);
    });
  },
  { ownServers: true },
);

describeWithKafka(
  'after kill -9 of the process that started them',
  () => {
    test('no broker, worker or folder is left', async () => {
      const folder = await temporaryFolder('kafka-parent');
      try {
        const parent = spawn(
          process.execPath,
          [
            '--conditions=strangler-source',
            fileURLToPath(new URL('guarded-kafka-parent.ts', import.meta.url)),
          ],
          {
            stdio: ['ignore', 'pipe', 'inherit'],
            env: { ...process.env, TMPDIR: folder.path },
          },
        );
        const line = await new Promise<string>((resolve) =>
          createInterface({ input: parent.stdout }).once('line', resolve),
        );
        const { pids } = JSON.parse(line) as { pids: number[] };
        expect(pids.map(alive)).toEqual([true, true]);
        expect(readdirSync(folder.path)).toHaveLength(2);
        parent.kill('SIGKILL');
        await until(
          'all gone',
          () =>
            !pids.some(alive) && existsSync(folder.path) && readdirSync(folder.path).length === 0,
        );
      } finally {
        await folder.remove();
      }
    });
  },
  { ownServers: true },
);
