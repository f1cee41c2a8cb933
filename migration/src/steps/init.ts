import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StranglerError, unknownName } from '@strangler-toolkit/plan';
import { listTables, readTable, type TableCatalog } from '../database/catalog.ts';
import { connect } from '../database/connect.ts';
import { displayTable, parseTableName } from '../database/identifiers.ts';
import { contextFile } from './context-file.ts';
import { openapiRoutes, type FoundRoute } from './openapi-routes.ts';
import { planned, type Step } from './step.ts';
import type { Toolkit } from './toolkit.ts';

export interface InitOptions {
  readonly context: string;
  /** Without a database: a stateless context. */
  readonly database?: string;
  readonly tables?: readonly string[];
  /** File or URL of an OpenAPI document (JSON). */
  readonly openapi?: string;
  readonly pathPrefix?: readonly string[];
}

export interface InitResult {
  readonly file: string;
  readonly tables: readonly string[];
  readonly routes: number;
  readonly notes: readonly string[];
}

async function readCatalogs(
  url: string,
  tables: readonly string[],
): Promise<{ chosen: TableCatalog[]; others: TableCatalog[] }> {
  const client = await connect(url, { applicationName: 'strangler-init' });
  try {
    const all = await listTables(client);
    const names = all.map((table) =>
      table.schema === 'public' ? table.table : `${table.schema}.${table.table}`,
    );
    const chosen: TableCatalog[] = [];
    for (const name of tables) {
      if (!names.includes(name.replace(/^public\./, '')))
        throw new StranglerError('TABLE_MISSING', `table ${unknownName(name, names)}`);
      chosen.push(await readTable(client, parseTableName(name)));
    }
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

async function openapi(source: string, prefixes: readonly string[]): Promise<FoundRoute[]> {
  let text: string;
  try {
    text = /^https?:/.test(source)
      ? await (await fetch(source, { signal: AbortSignal.timeout(10_000) })).text()
      : await readFile(source, 'utf8');
  } catch (cause) {
    throw new StranglerError('CONFIG_NOT_FOUND', `The OpenAPI document ${source} cannot be read`, {
      cause,
      remedy: 'Name a file or URL of an OpenAPI document in JSON.',
    });
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
  const { chosen, others } = options.database
    ? await readCatalogs(
        options.database,
        options.tables?.length ? options.tables : await guessTables(options),
      )
    : { chosen: [], others: [] };
  const routes = options.openapi ? await openapi(options.openapi, options.pathPrefix ?? []) : [];
  const { text, notes } = contextFile({ context: options.context, tables: chosen, others, routes });
  return {
    file,
    text,
    result: {
      tables: chosen.map((table) => `${table.schema}.${table.table}`),
      routes: routes.length,
      notes,
    },
  };
}

/** Without --tables: every table whose name or schema begins with the context's. */
async function guessTables(options: InitOptions): Promise<string[]> {
  const client = await connect(options.database ?? '', { applicationName: 'strangler-init' });
  try {
    const stem = options.context.replaceAll('-', '_').replace(/s$/, '');
    const all = await listTables(client);
    const found = all.filter(
      (table) => table.schema === options.context || table.table.startsWith(stem),
    );
    if (found.length === 0) {
      throw new StranglerError(
        'USAGE',
        `No table looks like context ${options.context}; name them with --tables. ` +
          `The database has: ${all.map(displayTable).join(', ')}`,
      );
    }
    return found.map((table) => `${table.schema}.${table.table}`);
  } finally {
    await client.end().catch(() => {});
  }
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
