import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type PostgresServer, startPostgres, until } from '@strangler-toolkit/dev-stack';
import { withConnection } from '../../src/database/connect.ts';

const run = promisify(execFile);

export interface ServerCopy {
  /** The server goes on as it was when the copy was made; `promoted`: on a new timeline, as after a restore with recovery.signal. */
  putBack(how: 'same timeline' | 'promoted'): Promise<void>;
}

/** A copy of the server's data folder, as a snapshot of its volume is one; the server runs on. */
export async function copyServer(server: PostgresServer): Promise<ServerCopy> {
  const copy = join(dirname(server.dataDir), `copy-${Date.now()}`);
  await server.crash();
  await run('cp', ['-a', server.dataDir, copy]);
  await server.restart();
  return {
    async putBack(how) {
      await server.crash();
      await run('rm', ['-rf', server.dataDir]);
      await run('cp', ['-a', copy, server.dataDir]);
      await run('rm', ['-f', join(server.dataDir, 'postmaster.pid')]);
      if (how === 'promoted') {
        await appendFile(
          join(server.dataDir, 'postgresql.auto.conf'),
          `\nrestore_command = 'false'\n`,
        );
        await writeFile(join(server.dataDir, 'recovery.signal'), '', { mode: 0o644 });
      }
      await server.restart();
      await until('the server has recovered', () =>
        withConnection(server.url('postgres'), { applicationName: 'test' }, async (client) => {
          const { rows } = await client.query('SELECT WHERE NOT pg_is_in_recovery()');
          return rows.length > 0;
        }),
      );
    },
  };
}

/** A standby of a primary that has the physical slot `standby`; it takes failover slots along. The primary restarts once. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  const dataDir = join(dirname(primary.dataDir), 'standby');
  await primary.crash();
  await run('cp', ['-a', primary.dataDir, dataDir]);
  await primary.restart();
  await run('rm', ['-f', join(dataDir, 'postmaster.pid')]);
  await writeFile(join(dataDir, 'standby.signal'), '', { mode: 0o644 });
  return startPostgres({
    dataDir,
    settings: [
      `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres password=postgres dbname=postgres`,
      'primary_slot_name=standby',
      'hot_standby_feedback=on',
      'sync_replication_slots=on',
      'synchronized_standby_slots=',
    ],
  });
}
