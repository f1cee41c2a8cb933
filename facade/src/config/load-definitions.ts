import { readdir } from 'node:fs/promises';
import type { MigrationDefinition } from '@strangler-toolkit/plan';
import { loadContexts } from '@strangler-toolkit/plan/load';

/** Nobody wrote a context file yet. A folder that somebody named and that is not there is a mistake, not a beginning. */
async function nothingYet(folder: string, named: boolean): Promise<boolean> {
  try {
    return (await readdir(folder)).every((name) => !/\.(?:ts|js|mjs|json)$/.test(name));
  } catch {
    return !named;
  }
}

/**
 * The definitions of a folder of context files; none on the first day, when the facade is but a wire.
 * @throws StranglerError CONFIG_NOT_FOUND, CONFIG_INVALID
 */
export async function loadDefinitions(
  folder: string,
  named: boolean,
  again = false,
): Promise<readonly MigrationDefinition[]> {
  try {
    return [...(await loadContexts(folder, { again })).values()].map(
      ({ definition }) => definition,
    );
  } catch (error) {
    if (await nothingYet(folder, named)) return [];
    throw error;
  }
}
