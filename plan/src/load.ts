import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isStranglerError, StranglerError } from './errors.ts';
import type { MigrationDefinition } from './migration.ts';
import { validateDefinition, validateTogether } from './validate.ts';
import { unknownName } from './nearest-name.ts';

export {
  type AskedSecurely,
  edgeDuty,
  readEdgeFile,
  securelyBy,
  upstreamTlsRules,
} from './edge-file.ts';
export { secretFrom, secretSource } from './secret-source.ts';
export {
  makeTesterToken,
  readTesterToken,
  testerCookie,
  testerHeader,
  testerKeys,
  testerRules,
  type TesterRules,
  type TesterToken,
  type TesterVerdict,
} from './tester-token.ts';
export { watchFolder } from './watch-folder.ts';

export interface LoadedContext {
  readonly definition: MigrationDefinition;
  /** As messages name it: relative to the working directory where that is shorter. */
  readonly file: string;
  readonly path: string;
}

const isContextFile = (name: string): boolean =>
  /\.(ts|mts|js|mjs|json)$/.test(name) &&
  !/\.d\.m?ts$|\.test\.m?[jt]s$/.test(name) &&
  !/^[._]/.test(name) &&
  name !== 'package.json' &&
  !/^tsconfig.*\.json$/.test(name);

const shown = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

const isUnresolved = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND';

/** Node keeps what was imported once under its address. */
let readings = 0;

async function defaultExport(path: string, file: string, again: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(await readFile(path, 'utf8'));
    const module: { default?: unknown } = await import(`${pathToFileURL(path).href}${again}`);
    if (module.default === undefined)
      throw new StranglerError('CONFIG_INVALID', `${file}: has no default export`, {
        remedy: 'Write: export default defineMigration({ … })',
      });
    return module.default;
  } catch (cause) {
    if (isStranglerError(cause)) throw cause;
    throw new StranglerError(
      'CONFIG_INVALID',
      `${file}: cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
        ...(isUnresolved(cause) && {
          remedy:
            'What it imports is not installed where the file lies. A context file needs no import: ' +
            "write { env: 'NAME' } for env('NAME') and export the object itself, or use .json.",
        }),
      },
    );
  }
}

/**
 * Reads every context file of a folder (.ts, .js, .mjs, .json; names that begin with "_" or "." are left out). `again`: as
 * they are now, though this process has read them before; what they import themselves stays as it was.
 * @throws StranglerError CONFIG_NOT_FOUND, CONFIG_INVALID
 *
 * @example
 * ```ts
 * import { loadContexts, requireContext } from '@strangler-toolkit/plan/load';
 *
 * const contexts = await loadContexts('contexts');
 * const { definition, file } = requireContext(contexts, 'catalog');
 * console.log(`${file} moves ${definition.routes.length} routes`);
 * ```
 */
export async function loadContexts(
  dir: string,
  { again = false }: { readonly again?: boolean } = {},
): Promise<Map<string, LoadedContext>> {
  const folder = resolve(dir);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new StranglerError(
      'CONFIG_NOT_FOUND',
      `The folder of context files ${folder} cannot be read`,
      { cause },
    );
  });
  const files = names.filter(isContextFile).sort();
  if (files.length === 0)
    throw new StranglerError('CONFIG_NOT_FOUND', `No context file in ${folder}`);
  const suffix = again ? `?reading=${++readings}` : '';
  const loaded: LoadedContext[] = [];
  for (const name of files) {
    const path = join(folder, name);
    const file = shown(path);
    loaded.push({
      definition: validateDefinition(await defaultExport(path, file, suffix), file),
      file,
      path,
    });
  }
  validateTogether(loaded);
  return new Map(loaded.map((context) => [context.definition.context, context]));
}

/** @throws StranglerError CONTEXT_UNKNOWN with the nearest name */
export function requireContext(
  contexts: ReadonlyMap<string, LoadedContext>,
  name: string,
): LoadedContext {
  const context = contexts.get(name);
  if (!context)
    throw new StranglerError(
      'CONTEXT_UNKNOWN',
      `Context ${unknownName(name, [...contexts.keys()])}`,
      { details: { known: [...contexts.keys()] } },
    );
  return context;
}

/** Longest that files may take to be read, milliseconds: one that never ends must not keep back those that follow. */
const patienceMs = 30_000;

/** For what reads files again while it works. @throws StranglerError CONFIG_INVALID after 30 s */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new StranglerError(
            'CONFIG_INVALID',
            `the context files are not read after ${patienceMs / 1_000} s`,
          ),
        ),
      patienceMs,
    );
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
