import pg from 'pg';
import { startPostgres } from '../postgres.ts';
import { until } from '../until.ts';
import { archiveFolder, fillArchives } from './class-archive.ts';
import { startConnect } from './connect.ts';
import { jarFolder } from './jars.ts';
import { findJava } from './java.ts';
import { startKafka } from './kafka.ts';

const withinMs = 300_000;

/** Ends it in good order, in which Java writes the archive. */
async function end(server: { readonly pid: number; readonly running: boolean }): Promise<void> {
  process.kill(server.pid, 'SIGTERM');
  await until('Java to write its archive and end', () => !server.running, { withinMs });
}

async function stream(connectUrl: string, database: URL): Promise<void> {
  const client = new pg.Client({ connectionString: database.href });
  await client.connect();
  await client.query('CREATE TABLE recorded (id int PRIMARY KEY)');
  const made = await fetch(`${connectUrl}/connectors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'recorded',
      config: {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'plugin.name': 'pgoutput',
        'topic.prefix': 'recorded',
        'topic.creation.default.replication.factor': '1',
        'topic.creation.default.partitions': '1',
        'database.hostname': database.hostname,
        'database.port': database.port,
        'database.user': database.username,
        'database.password': database.password,
        'database.dbname': database.pathname.slice(1),
      },
    }),
  });
  if (!made.ok) throw new Error(`the connector was refused: ${await made.text()}`);
  await client.query('INSERT INTO recorded VALUES (1)');
  const active = async (): Promise<boolean> =>
    ((await client.query('SELECT FROM pg_replication_slots WHERE active')).rowCount ?? 0) > 0;
  await until('Debezium to read the slot', active, { withinMs });
  await client.end();
}

/** Once for each Java and each set of jars: a broker, a worker and a connector, so that all later starts find their classes in archives. */
export async function recordClasses(): Promise<void> {
  const java = await findJava();
  if (java === undefined) return;
  await fillArchives(await archiveFolder(java, await jarFolder()), async (folder) => {
    const kafka = await startKafka({ recordClasses: folder });
    const postgres = await startPostgres();
    try {
      const connect = await startConnect({ brokers: kafka.brokers, recordClasses: folder });
      await stream(connect.url, new URL(postgres.url('postgres')));
      await end(connect);
      await connect.stop();
      await end(kafka);
    } finally {
      await postgres.stop();
      await kafka.stop();
    }
  });
}
