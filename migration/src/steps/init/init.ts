import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StranglerError, unknownName } from '@strangler-toolkit/plan';
import { listTables, readTable, type TableCatalog } from '../../database/catalog.ts';
import { connect } from '../../database/connect.ts';
import { parseTableName, type TableName, writtenTable } from '../../database/identifiers.ts';
import { contextFile } from './context-file.ts';
import type { FoundRoute } from './found-route.ts';
import { openapiRoutes } from './openapi-routes.ts';
import { recordedRequests, trafficRoutes } from './traffic-routes.ts';
import { readSource } from '../document-source.ts';
import { planned, type Step } from '../step.ts';
import type { Toolkit } from '../toolkit.ts';

export interface InitOptions {
  readonly context: string;
  /** URL, or the name of an environment variable that holds it. Without a database: a stateless context. */
  readonly database?: string;
  readonly tables?: readonly string[];
  /** File or URL of an OpenAPI document (JSON). */
  readonly openapi?: string;
  /** HAR file, access log or JSON lines with requests that were made. */
  readonly traffic?: string;
  /** Requests that facades saw and no context claims, from the control database. */
  readonly unclaimed?: boolean;
  readonly pathPrefix?: readonly string[];
}

export interface InitResult {
  readonly file: string;
  readonly tables: readonly string[];
  readonly routes: number;
  readonly notes: readonly string[];
}

/** `choose`: which of all tables are the context's. */
async function readCatalogs(
  url: string,
  choose: (all: readonly TableName[]) => readonly TableName[],
): Promise<{ chosen: TableCatalog[]; others: TableCatalog[] }> {
  const client = await connect(url, { applicationName: 'strangler-init' });
  try {
    const all = await listTables(client);
    const chosen: TableCatalog[] = [];
    for (const table of choose(all)) chosen.push(await readTable(client, table));
    const others: TableCatalog[] = [];
    for (const table of all) {
      if (
        !chosen.some(
          (candidate) => candidate.schema === table.schema && candidate.table === table.table,
        )
      )
        others.push(await readTable(client, table));
    }
    return { chosen, others };
  } finally {
    await client.end().catch(() => {});
  }
}

async function traffic(
  file: string,
  prefixes: readonly string[],
): Promise<{ routes: FoundRoute[]; notes: string[] }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new StranglerError('CONFIG_NOT_FOUND', `The recorded traffic ${file} cannot be read`, {
      cause,
      remedy: 'Name a HAR file, an access log or a file of JSON lines.',
    });
  });
  const { requests, unread } = recordedRequests(text);
  if (requests.length === 0)
    throw new StranglerError('CONFIG_INVALID', `${file} holds no request that could be read`, {
      remedy:
        'Name a HAR file, an access log (common or combined) or JSON lines with method, path and status.',
    });
  const routes = trafficRoutes(requests, prefixes);
  return {
    routes,
    notes: [
      `${file}: ${requests.length} requests suggest ${routes.length} routes; what nobody asked for while it was recorded is missing`,
      ...(unread > 0 ? [`${file}: ${unread} lines could not be read`] : []),
    ],
  };
}

async function unclaimed(
  kit: Toolkit,
  prefixes: readonly string[],
): Promise<{ routes: FoundRoute[]; notes: string[] }> {
  const seen = await (await kit.control()).unclaimed.list();
  const routes = trafficRoutes(
    seen.map(({ method, path, requests }) => ({ method, target: path, times: requests })),
    prefixes,
  );
  if (routes.length === 0)
    throw new StranglerError(
      'CONFIG_INVALID',
      `No facade told of a request that no context claims${prefixes.length > 0 ? ` below ${prefixes.join(', ')}` : ''}`,
      {
        remedy:
          'Let clients come through a facade for a while (one without contexts will do); strangler routes discover lists what it saw.',
      },
    );
  const requests = routes.reduce((sum, route) => sum + route.requests, 0);
  return {
    routes,
    notes: [
      `facades saw ${requests} requests of the last week that suggest ${routes.length} routes; what nobody asked for is missing`,
    ],
  };
}

/** The database's URL, and the variable that holds it where it was named by one. */
function databaseOf(kit: Toolkit, named: string | undefined): { url?: string; variable?: string } {
  if (named === undefined) return {};
  if (!/^[A-Za-z_]\w*$/.test(named)) return { url: named };
  const url = kit.env[named] || undefined;
  if (url === undefined)
    throw new StranglerError('CONFIG_ENV_MISSING', `The environment variable ${named} is not set`, {
      remedy: `Export ${named}, or give --database a postgresql:// URL.`,
    });
  return { url, variable: named };
}

async function openapi(
  kit: Toolkit,
  source: string,
  prefixes: readonly string[],
): Promise<FoundRoute[]> {
  let text: string;
  try {
    text = await readSource(source, kit.signal);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StranglerError(
      'CONFIG_NOT_FOUND',
      `The OpenAPI document ${source} cannot be read: ${why}`,
      { cause, remedy: 'Name a file or URL of an OpenAPI document in JSON.' },
    );
  }
  try {
    return openapiRoutes(JSON.parse(text), prefixes);
  } catch (cause) {
    throw new StranglerError('CONFIG_INVALID', `${source} is no OpenAPI document in JSON`, {
      cause,
      remedy: 'Name a file or URL of an OpenAPI document in JSON.',
    });
  }
}

async function prepare(
  kit: Toolkit,
  options: InitOptions,
): Promise<{ file: string; text: string; result: Omit<InitResult, 'file'> }> {
  if (!/^[a-z][a-z0-9-]{0,35}$/.test(options.context))
    throw new StranglerError(
      'USAGE',
      `The context's name "${options.context}" must be lower-case letters, digits and "-"`,
    );
  const file = join(kit.contextsDir, `${options.context}.ts`);
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new StranglerError('USAGE', `${file} exists already; init never overwrites`, {
      remedy: 'Choose another --context, or move the file away.',
    });
  if (options.tables?.length && !options.database)
    throw new StranglerError('USAGE', '--tables needs --database');
  if ([options.openapi, options.traffic, options.unclaimed].filter(Boolean).length > 1)
    throw new StranglerError(
      'USAGE',
      'Routes come from --openapi, from --traffic or from --unclaimed, not from several',
    );
  const { url, variable } = databaseOf(kit, options.database);
  const { chosen, others } =
    url === undefined
      ? { chosen: [], others: [] }
      : await readCatalogs(url, (all) =>
          options.tables?.length ? namedAmong(all, options.tables) : guessed(all, options.context),
        );
  const prefixes = options.pathPrefix ?? [];
  const { routes, notes: fromTraffic } = options.traffic
    ? await traffic(options.traffic, prefixes)
    : options.unclaimed
      ? await unclaimed(kit, prefixes)
      : { routes: options.openapi ? await openapi(kit, options.openapi, prefixes) : [], notes: [] };
  const { text, notes } = contextFile({
    context: options.context,
    tables: chosen,
    others,
    routes,
    ...(variable !== undefined && { databaseVariable: variable }),
  });
  return {
    file,
    text,
    result: {
      tables: chosen.map((table) => `${table.schema}.${table.table}`),
      routes: routes.length,
      notes: [...fromTraffic, ...notes],
    },
  };
}

/** @throws StranglerError TABLE_MISSING */
function namedAmong(all: readonly TableName[], wanted: readonly string[]): TableName[] {
  const names = all.map(writtenTable);
  return wanted.map((text) => {
    const table = parseTableName(text);
    const name = writtenTable(table);
    if (!names.includes(name))
      throw new StranglerError('TABLE_MISSING', `table ${unknownName(name, names)}`);
    return table;
  });
}

/** Without --tables: every table whose name or schema begins with the context's. */
function guessed(all: readonly TableName[], context: string): TableName[] {
  const stem = context.replaceAll('-', '_').replace(/s$/, '');
  const found = all.filter(({ schema, table }) => schema === context || table.startsWith(stem));
  if (found.length === 0)
    throw new StranglerError(
      'USAGE',
      `No table looks like context ${context}; name them with --tables. ` +
        `The database has: ${all.map(writtenTable).join(', ')}`,
    );
  return found;
}

export const init: Step<InitOptions, InitResult> = {
  async execute(kit, options) {
    const { file, text, result } = await prepare(kit, options);
    await mkdir(kit.contextsDir, { recursive: true });
    // 'wx': a file that appeared meanwhile is not overwritten either.
    await writeFile(file, text, { flag: 'wx' });
    return { file, ...result };
  },
  async dryRun(kit, options) {
    const { file, text } = await prepare(kit, options);
    return planned([{ action: `write ${file}`, detail: `\n${text}` }]);
  },
};
