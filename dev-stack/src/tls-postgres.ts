import { chmod, chown, copyFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { type Authority, makeAuthority } from './certificates.ts';
import { temporaryFolder, type TemporaryFolder } from './guard.ts';
import { type PostgresServer, startPostgres } from './postgres.ts';

export interface TlsPostgres {
  readonly server: PostgresServer;
  readonly authority: Authority;
  /** One that signed nothing here. */
  readonly stranger: Authority;
  readonly folder: string;
  /** With `sslmode=verify-full` and the certificate that is to be trusted. */
  url(database: string, ca?: string): string;
  stop(): Promise<void>;
}

/** A PostgreSQL whose certificate a new authority signed, and which refuses every connection without TLS, replication's too. */
export async function startTlsPostgres(): Promise<TlsPostgres> {
  const folder = await temporaryFolder('tls');
  let server: PostgresServer | undefined;
  try {
    server = await startPostgres();
    const authority = await makeAuthority(folder.path, 'authority');
    const stranger = await makeAuthority(folder.path, 'stranger');
    await demandTls(server, authority);
    return finished(folder, server, authority, stranger);
  } catch (error) {
    await server?.stop();
    await folder.remove();
    throw error;
  }
}

async function demandTls(server: PostgresServer, authority: Authority): Promise<void> {
  const { cert, key } = await authority.sign('server');
  const { uid, gid } = await stat(server.dataDir);
  const lines = ['all', 'replication'].map((what) => `hostssl ${what} all 127.0.0.1/32 password\n`);
  await writeFile(join(server.dataDir, 'pg_hba.conf'), lines.join(''));
  for (const [from, to] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const file = join(server.dataDir, to);
    await copyFile(from, file);
    await chown(file, uid, gid);
    await chmod(file, 0o600);
  }
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    await client.query('ALTER SYSTEM SET ssl = on');
  } finally {
    await client.end();
  }
  await server.crash();
  await server.restart();
}

const finished = (
  folder: TemporaryFolder,
  server: PostgresServer,
  authority: Authority,
  stranger: Authority,
): TlsPostgres => ({
  server,
  authority,
  stranger,
  folder: folder.path,
  url: (database, ca = authority.ca) =>
    `${server.url(database)}?sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`,
  async stop() {
    await server.stop();
    await folder.remove();
  },
});
