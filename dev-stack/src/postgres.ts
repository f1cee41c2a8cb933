import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdir, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { dataFolder } from './data-folder.ts';
import { freePort } from './free-port.ts';
import { guardProcess, type TemporaryFolder } from './guard.ts';
import { noteStart } from './note-start.ts';
import {
  copiedAsFiles,
  defaultMajor,
  newestMajor,
  postgresBinaries,
  serverUser,
  type PostgresBinaries,
} from './postgres-binaries.ts';
import { renewSystemIdentifier } from './system-identifier.ts';

export interface PostgresServer {
  readonly port: number;
  readonly dataDir: string;
  /** Connection URL of a database on this server (superuser `postgres`). */
  url(database: string): string;
  createDatabase(name: string): Promise<string>;
  /** kill -9 of the server, as a crash does; `restart` recovers it. */
  crash(): Promise<void>;
  /** Starts it again on the same folder and port. */
  restart(): Promise<void>;
  /** Stops the server and removes its folder unless `keep`. */
  stop(options?: { keep?: boolean }): Promise<void>;
}

export interface PostgresOptions {
  port?: number;
  /** Reuses a folder that an earlier server left (`stop({keep: true})` or kill -9). */
  dataDir?: string;
  /** Further settings, `name=value`. */
  settings?: readonly string[];
  /** 12 to 17: that release, fetched when it is first asked for. Default: `TEST_POSTGRES_MAJOR`, else the newest. */
  major?: number;
}

interface Server {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const run = promisify(execFile);
const templateVariable = 'TEST_POSTGRES_TEMPLATE';

async function runInitdb(
  binaries: PostgresBinaries,
  dataDir: string,
  major: number,
): Promise<void> {
  const passwordFile = `${dataDir}.password`;
  await writeFile(passwordFile, 'postgres\n', { mode: 0o600 });
  const user = serverUser();
  if (user) {
    await mkdir(dataDir, { recursive: true });
    await chown(dataDir, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  try {
    const args = [
      `--pgdata=${dataDir}`,
      '--auth=password',
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--lc-messages=C',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
      '--no-sync',
      // Every connection computes them, and nobody guesses the passwords of tests.
      ...(major < 16 ? [] : ['--set=scram_iterations=1']),
    ];
    // the folder it starts in must be one that its user may enter
    await run(binaries.initdb, args, {
      ...user,
      cwd: dirname(dataDir),
      env: { ...process.env, LC_MESSAGES: 'C' },
    });
  } finally {
    await unlink(passwordFile);
  }
}

/** In one go: a thousand small files cost a third of what they cost asynchronously. */
function copyFolder(
  from: string,
  to: string,
  owner: { uid: number; gid: number } | undefined,
): void {
  cpSync(from, to, { recursive: true });
  chmodSync(to, 0o700);
  if (!owner) return;
  for (const name of ['.', ...readdirSync(to, { recursive: true, encoding: 'utf8' })])
    chownSync(join(to, name), owner.uid, owner.gid);
}

/** What initdb makes, in a new folder: a copy of the one of this test run where there is one. */
async function initialise(
  binaries: PostgresBinaries,
  dataDir: string,
  major: number,
): Promise<void> {
  const { [templateVariable]: template } = process.env;
  if (template === undefined || major !== defaultMajor())
    return runInitdb(binaries, dataDir, major);
  copyFolder(template, dataDir, serverUser());
  await renewSystemIdentifier(dataDir);
}

/** Runs initdb once for all servers that processes with `templateVariable` in their environment start from now on. */
export async function makePostgresTemplate(): Promise<TemporaryFolder> {
  const parent = await dataFolder('pg-template');
  await chmod(parent.path, 0o711);
  const dataDir = join(parent.path, 'data');
  await runInitdb(await postgresBinaries(async () => parent.path), dataDir, defaultMajor());
  process.env[templateVariable] = dataDir;
  return parent;
}

async function launch(
  binaries: PostgresBinaries,
  dataDir: string,
  args: readonly string[],
): Promise<Server> {
  const child = spawn(binaries.postgres, ['-D', dataDir, ...args], {
    ...serverUser(),
    cwd: dirname(dataDir),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LC_MESSAGES: 'C', PGOPTIONS: '' },
  });
  noteStart('postgres');
  const release = child.pid === undefined ? () => {} : guardProcess(child.pid, 'postgres');
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      release();
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    let printed = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${printed}`)));
    child.stderr.on('data', (chunk: Buffer) => {
      if (printed.length < 20_000) printed += chunk.toString();
      // a standby says «read-only connections», and so does a server that still recovers an archive
      if (/ready to accept (read-only )?connections/.test(chunk.toString())) resolve();
    });
  });
  return { child, exited };
}

/** A real PostgreSQL on loopback with logical replication, in a private temporary folder. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { port = await freePort(), major = defaultMajor() } = options;
  const parent = options.dataDir ? undefined : await dataFolder('pg');
  // As root the server runs as another user, which must be able to enter the folder (initdb makes 'data' private).
  if (parent) await chmod(parent.path, 0o711);
  const dataDir = options.dataDir ?? join(parent?.path ?? '', 'data');
  const settings = [
    'wal_level=logical',
    'max_replication_slots=100',
    'max_wal_senders=100',
    'max_connections=400',
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_logical_replication_workers=20',
    'max_worker_processes=30',
    ...(major < newestMajor ? [] : ['max_active_replication_origins=100']),
    ...(options.settings ?? []),
  ];
  const args = ['-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const binaries = await postgresBinaries(async () => parent?.path ?? dirname(dataDir), major);
  if (!options.dataDir) await initialise(binaries, dataDir, major);
  let server = await launch(binaries, dataDir, args);
  const url = (database: string): string =>
    `postgresql://postgres:postgres@127.0.0.1:${port}/${database}`;
  return {
    port,
    dataDir,
    url,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url('postgres') });
      await client.connect();
      try {
        await client.query(
          `CREATE DATABASE ${client.escapeIdentifier(name)} ${copiedAsFiles(major)}`,
        );
      } finally {
        await client.end();
      }
      return url(name);
    },
    async crash() {
      server.child.kill('SIGKILL');
      await server.exited;
    },
    async restart() {
      // Backends of a killed server need a moment to notice; until then a new one refuses to start.
      for (const deadline = Date.now() + 15_000; ;) {
        try {
          server = await launch(binaries, dataDir, args);
          return;
        } catch (error) {
          if (Date.now() > deadline) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
    async stop({ keep = false } = {}) {
      server.child.kill('SIGINT');
      const timer = setTimeout(() => server.child.kill('SIGQUIT'), 10_000);
      await server.exited;
      clearTimeout(timer);
      if (!keep) await parent?.remove();
    },
  };
}
