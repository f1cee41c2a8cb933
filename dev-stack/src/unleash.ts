import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startProcess, type RunningProcess } from './child-process.ts';
import { freePort } from './free-port.ts';

export interface UnleashOptions {
  /** Database of Unleash's own; it is created when it does not exist. */
  postgresUrl: string;
  port?: number;
  /** Tokens of an earlier start on the same database. */
  adminToken?: string;
  clientToken?: string;
  logFile?: string;
}

export interface UnleashServer {
  /** API address for UNLEASH_URL. */
  readonly url: string;
  /** Address of the web page. */
  readonly ui: string;
  readonly port: number;
  readonly adminToken: string;
  readonly clientToken: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

async function ensureDatabase(postgresUrl: string): Promise<void> {
  const target = new URL(postgresUrl);
  const name = decodeURIComponent(target.pathname.slice(1));
  const client = new pg.Client({
    connectionString: Object.assign(new URL(postgresUrl), { pathname: '/postgres' }).href,
  });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (!rowCount) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

/** The real Unleash server with an admin and a client token, no outside network. Takes about five seconds. */
export async function startUnleash(options: UnleashOptions): Promise<UnleashServer> {
  await ensureDatabase(options.postgresUrl);
  const port = options.port ?? (await freePort());
  const adminToken = options.adminToken ?? `*:*.${randomBytes(24).toString('hex')}`;
  const clientToken = options.clientToken ?? `*:development.${randomBytes(24).toString('hex')}`;
  const running = await startProcess({
    name: 'unleash',
    file: fileURLToPath(new URL('unleash-server.mjs', import.meta.url)),
    env: {
      UNLEASH_DATABASE_URL: options.postgresUrl,
      UNLEASH_PORT: String(port),
      NODE_ENV: 'production',
      INIT_ADMIN_API_TOKENS: adminToken,
      INIT_CLIENT_API_TOKENS: clientToken,
      CHECK_VERSION: 'false',
      SEND_TELEMETRY: 'false',
      UNLEASH_URL: `http://127.0.0.1:${port}`,
      NODE_OPTIONS: undefined,
    },
    ...(options.logFile ? { logFile: options.logFile } : {}),
  });
  return {
    url: `http://127.0.0.1:${port}/api`,
    ui: `http://127.0.0.1:${port}`,
    port,
    adminToken,
    clientToken,
    process: running,
    stop: async () => {
      await running.stop(3_000);
    },
  };
}
