import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPostgres, temporaryFolder } from '@strangler-toolkit/dev-stack';
import pg from 'pg';

/** Where everything is measured: a monolith's server and a service's server, as two machines would have them. */
export interface Site extends AsyncDisposable {
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly monolithUrl: string;
  readonly serviceUrl: string;
  /** For what a user of the CLI sets. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
  /** Runs at the end, last first. */
  onClose(work: () => Promise<unknown>): void;
  open(side: 'monolith' | 'service'): Promise<pg.Client>;
}

export const context = 'bench';
/** The subscription demands equal names on both sides, so ours and the sink's tables lie in schemas of their own. */
export type Schema = 'public' | 'ours' | 'sink';

const tables = (schema: string): string => `
CREATE TABLE ${schema}.items (id bigint PRIMARY KEY, name text NOT NULL,
  price numeric(12,2) NOT NULL, status text NOT NULL, version bigint NOT NULL,
  changed_at timestamptz NOT NULL, note text);
CREATE TABLE ${schema}.lines (id bigint PRIMARY KEY, item_id bigint NOT NULL,
  quantity int NOT NULL, amount numeric(12,2) NOT NULL, added_at timestamptz NOT NULL, note text);
CREATE TABLE ${schema}.pulses (id int PRIMARY KEY, n bigint NOT NULL, note text);`;

const same = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, name]));
const contextFile = {
  context,
  data: 'replicated',
  routes: [],
  monolith: { url: 'http://127.0.0.1:1', database: { env: 'BENCH_MONOLITH' } },
  service: { url: 'http://127.0.0.1:1', database: { env: 'BENCH_SERVICE' } },
  tables: [
    {
      monolith: 'items',
      service: [
        {
          table: 'ours.items',
          columns: same('id', 'name', 'price', 'status', 'version', 'changed_at', 'note'),
        },
      ],
    },
    {
      monolith: 'lines',
      service: [
        {
          table: 'ours.lines',
          columns: same('id', 'item_id', 'quantity', 'amount', 'added_at', 'note'),
        },
      ],
    },
    { monolith: 'pulses', service: [{ table: 'ours.pulses', columns: same('id', 'n', 'note') }] },
  ],
};

// Vacuum at a moment of its own would fall into one measurement and not into its pair. Everything else is as it comes.
const settings = [
  'autovacuum=off',
  'max_wal_size=16GB',
  'shared_buffers=512MB',
  'checkpoint_timeout=1h',
  'wal_level=logical',
];

export async function openSite(options: {
  signal: AbortSignal;
  tell: (line: string) => void;
}): Promise<Site> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const work of closing.splice(0).reverse())
      await work().catch((error: unknown) => options.tell(`cleaning up: ${String(error)}`));
  };
  try {
    const temporary = await temporaryFolder('bench');
    const folder = temporary.path;
    closing.push(() => temporary.remove());
    const start = async (): Promise<{
      url(name: string): string;
      createDatabase(name: string): Promise<string>;
    }> => {
      const server = await startPostgres({ settings });
      closing.push(() => server.stop());
      return server;
    };
    const [left, right] = await Promise.all([start(), start()]);
    const [monolithUrl, serviceUrl, controlUrl] = [
      await left.createDatabase('monolith'),
      await right.createDatabase('service'),
      await right.createDatabase('control'),
    ];
    const open = async (side: 'monolith' | 'service'): Promise<pg.Client> => {
      const client = new pg.Client({
        connectionString: side === 'monolith' ? monolithUrl : serviceUrl,
        application_name: 'bench',
      });
      client.on('error', () => {});
      await client.connect();
      closing.push(() => client.end());
      return client;
    };
    const [monolith, service] = [await open('monolith'), await open('service')];
    await monolith.query(tables('public'));
    await service.query(
      `CREATE SCHEMA ours; CREATE SCHEMA sink; ${['public', 'ours', 'sink'].map(tables).join('')}`,
    );
    await writeFile(join(folder, `${context}.json`), JSON.stringify(contextFile));
    return {
      monolith,
      service,
      monolithUrl,
      serviceUrl,
      folder,
      open,
      ...options,
      env: {
        STRANGLER_CONTROL_URL: controlUrl,
        STRANGLER_CONTEXTS: folder,
        BENCH_MONOLITH: monolithUrl,
        BENCH_SERVICE: serviceUrl,
      },
      onClose: (work) => void closing.push(work),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
