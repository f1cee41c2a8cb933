import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, startPostgres } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { type BenchServer, startServer } from '../start-server.ts';

const run = promisify(execFile);
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const node = (name: string, file: string, env: Record<string, string>) => ({
  name,
  command: process.execPath,
  args: ['--conditions=strangler-source', path(file)],
  env,
});

/** What is measured beside one another. */
export interface Cell {
  readonly name: string;
  readonly what: string;
  readonly server: BenchServer;
  readonly target: string;
}

export interface Scene {
  readonly cells: readonly Cell[];
  close(): Promise<void>;
}

async function installed(command: string, ...args: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}

const nginxConfig = (port: number, upstream: string): string => `
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log nginx-error.log;
events { worker_connections 4096; }
http {
  access_log nginx-access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream monolith { server ${upstream.slice('http://'.length)}; keepalive 256; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://monolith; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}
`;

/** A control database that says: both contexts are replicated; one is at canary, the service owns the other. */
async function controlDatabase(
  contexts: string,
  closing: (() => Promise<unknown>)[],
): Promise<string> {
  const server = await startPostgres();
  closing.push(() => server.stop());
  const url = await server.createDatabase('control');
  // any command makes the schema when there is none yet
  await run(
    process.execPath,
    ['--conditions=strangler-source', path('../../../migration/bin/strangler.js'), 'status'],
    {
      env: { ...process.env, STRANGLER_CONTROL_URL: url, STRANGLER_CONTEXTS: contexts },
    },
  );
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  await client.query(
    `INSERT INTO strangler_control.contexts (context, data_kind, stage, owner, epoch)
     VALUES ('items', 'replicated', 'canary', 'monolith', 1), ('orders', 'replicated', 'service', 'service', 1)`,
  );
  await client.query(
    `INSERT INTO strangler_control.watermarks (context, direction, epoch, state, applied_at, worker_id)
     SELECT context, direction, 1, 'caught-up', clock_timestamp() + interval '1 day', gen_random_uuid()
     FROM (VALUES ('items', 'forward'), ('orders', 'reverse')) AS way (context, direction)`,
  );
  await client.end();
  return url;
}

const contextFile = (context: string, upstream: string): string =>
  JSON.stringify({
    context,
    data: 'replicated',
    monolith: { url: upstream, database: 'postgres://127.0.0.1:9/unused' },
    service: { url: upstream, database: 'postgres://127.0.0.1:9/unused' },
    identity: ['header:authorization'],
    routes: [{ name: 'one', method: 'GET', path: `/api/${context}/:id`, kind: 'read' }],
    tables: [{ monolith: context, service: [{ table: context, columns: { id: 'id' } }] }],
  });

/** The last known state of a flag server: read from disk, evaluated for each request as ever. */
const flagFile = (percentages: Readonly<Record<string, number>>): string =>
  JSON.stringify({
    version: 2,
    features: Object.entries(percentages).map(([name, rollout]) => ({
      name,
      type: 'release',
      enabled: true,
      stale: false,
      project: 'default',
      variants: [],
      impressionData: false,
      strategies: [
        {
          name: 'flexibleRollout',
          parameters: { rollout: String(rollout), groupId: 'items', stickiness: 'default' },
        },
      ],
    })),
  });

/** Everything that is measured, started. */
export async function openScene(folder: string): Promise<Scene> {
  const closing: (() => Promise<unknown>)[] = [];
  const cells: Cell[] = [];
  const start = async (server: Parameters<typeof startServer>[1]): Promise<BenchServer> => {
    const started = await startServer(folder, server);
    closing.push(() => started.stop());
    return started;
  };
  const close = async (): Promise<void> => {
    for (const work of closing.splice(0).reverse()) await work().catch(() => {});
  };
  const add = async (
    name: string,
    what: string,
    server: Parameters<typeof startServer>[1],
    target = '/static/1',
  ): Promise<void> => void cells.push({ name, what, server: await start(server), target });
  try {
    const { url: upstream } = await start(node('upstream', './upstream.mjs', {}));
    const env = { MONOLITH_URL: upstream };
    await add('bare', 'express + http-proxy-middleware', node('bare', './bare-proxy.mjs', env));
    await add('fastify', '@fastify/http-proxy', node('fastify', './fastify-proxy.mjs', env));
    if (await installed('nginx', '-v')) {
      const port = await freePort();
      await writeFile(join(folder, 'nginx.conf'), nginxConfig(port, upstream));
      const args = ['-p', folder, '-c', join(folder, 'nginx.conf')];
      await add('nginx', 'nginx, one worker', { name: 'nginx', command: 'nginx', args, port });
    }
    if (await installed('caddy', 'version')) {
      const port = await freePort();
      const args = ['reverse-proxy', '--from', `http://127.0.0.1:${port}`, '--to', upstream];
      await add('caddy', 'Caddy', { name: 'caddy', command: 'caddy', args, port });
    }
    const facade = async (
      name: string,
      more: Record<string, string>,
    ): Promise<Parameters<typeof startServer>[1]> => {
      const stateDir = join(folder, name);
      await mkdir(stateDir, { recursive: true });
      return node(name, '../../../facade/bin/facade.js', {
        ...env,
        FACADE_NAME: name,
        FACADE_STATE_DIR: stateDir,
        STRANGLER_CONTEXTS: join(folder, 'contexts'),
        FACADE_PORT: '0',
        FACADE_ADMIN_PORT: '0',
        ...more,
      });
    };
    await mkdir(join(folder, 'contexts'));
    for (const context of ['items', 'orders'])
      await writeFile(join(folder, 'contexts', `${context}.json`), contextFile(context, upstream));
    const wire = 'a path that nobody claims';
    await add('wire', `the facade: ${wire}`, await facade('wire', {}));
    await add(
      'middleware',
      `the facade with FACADE_FORWARDER=middleware: ${wire}`,
      await facade('middleware', { FACADE_FORWARDER: 'middleware' }),
    );
    const controlUrl = await controlDatabase(join(folder, 'contexts'), closing);
    const everything = async (
      name: string,
      what: string,
      flags: Record<string, number>,
      {
        target = '/api/items/1',
        env: more = {},
      }: { target?: string; env?: Record<string, string> } = {},
    ): Promise<void> => {
      const server = await facade(name, {
        ...more,
        STRANGLER_CONTROL_URL: controlUrl,
        UNLEASH_URL: `http://127.0.0.1:${await freePort()}/api`,
        UNLEASH_CLIENT_TOKEN: 'gone',
        UNLEASH_REFRESH_MS: '15000',
      });
      await writeFile(join(folder, name, `flags-${name}.json`), flagFile(flags));
      await add(name, what, server, target);
    };
    const owner = 'everything on: flags, ownership, pins, metrics, access log, trace headers';
    await everything('on', owner, { 'items.one': 0, 'items.one.shadow': 0 });
    await everything(
      'owned',
      'the same, owned by the service: the monolith would stand in',
      { 'orders.one': 100, 'orders.one.shadow': 0 },
      { target: '/api/orders/1' },
    );
    // whoever answers everything answers as a collector does
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: upstream };
    const flags = { 'items.one': 0, 'items.one.shadow': 0 };
    await everything('traced10', 'the same, a tenth of the traces told to a collector', flags, {
      env: { ...traced, OTEL_TRACES_SAMPLER_ARG: '0.1' },
    });
    await everything('traced', 'the same, all of them', flags, { env: traced });
    await everything('shadow10', 'the same, 10 % shadowed', {
      'items.one': 0,
      'items.one.shadow': 10,
    });
    await everything('shadow100', 'the same, 100 % shadowed', {
      'items.one': 0,
      'items.one.shadow': 100,
    });
    await everything('canary', 'the same, flagged to the service: each read asks for its pin', {
      'items.one': 100,
      'items.one.shadow': 0,
    });
    return { cells, close };
  } catch (error) {
    await close();
    throw error;
  }
}
