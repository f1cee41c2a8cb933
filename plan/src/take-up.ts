import type { DataKind, MigrationDefinition } from './migration.ts';
import { StranglerError } from './errors.ts';
import type { Stage } from './stages.ts';

/** Where a context stands for a process that serves or replicates it. `known` false: nobody could tell yet. */
export interface ContextStands {
  readonly known: boolean;
  readonly stage: Stage;
  readonly dataKind: DataKind;
}

const isMoving = ({ known, stage }: ContextStands): boolean => known && stage !== 'monolith';

/**
 * A folder is empty for a moment while somebody copies into it: what a service may own is not given to the monolith for that.
 * @throws StranglerError CONFIG_INVALID
 */
export function refuseLostContext(context: string, stands: ContextStands): void {
  if (!isMoving(stands)) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `context ${context} is at stage ${stands.stage}, and no context file has it any more`,
    { remedy: 'Put its file back, or start the process anew if it is meant.' },
  );
}

const identityOf = ({ identity = [] }: MigrationDefinition): string => JSON.stringify(identity);

/**
 * Pins stand under the identities of the old file: whoever wrote a moment ago would read where it has not arrived.
 * @throws StranglerError CONFIG_INVALID
 */
export function refuseOtherIdentity(
  before: MigrationDefinition,
  after: MigrationDefinition,
  stands: ContextStands,
): void {
  if (identityOf(before) === identityOf(after)) return;
  if (stands.dataKind !== 'replicated' || !isMoving(stands)) return;
  throw new StranglerError(
    'CONFIG_INVALID',
    `context ${after.context} is at stage ${stands.stage}, and its file says another identity: ` +
      'who wrote under the one before is pinned by it',
    { remedy: 'Put it back, or start facades and workers anew while nobody writes.' },
  );
}
