import type { MigrationDefinition } from '@strangler-toolkit/plan';
import type { ForceOptions } from '../gated-move.ts';
import type { Toolkit } from '../toolkit.ts';

export interface ChangeOwnerOptions extends ForceOptions {
  readonly context: string;
  /** Of a cutover: how long the service's writes are watched, instead of `gates.watchSeconds`. */
  readonly watchSeconds?: number;
}

/** A change of owner that somebody asks for. */
export interface OwnerChange {
  readonly kit: Toolkit;
  readonly definition: MigrationDefinition;
  readonly move: 'cutover' | 'rollback' | 'retire';
  readonly options: ForceOptions;
}

export async function ownerChange<Move extends OwnerChange['move']>(
  kit: Toolkit,
  move: Move,
  options: ChangeOwnerOptions,
): Promise<OwnerChange & { readonly move: Move }> {
  return { kit, definition: await kit.definition(options.context), move, options };
}

/** What the phases that move the data need: where it is, and who asks. */
export async function phaseOptions({ kit, definition }: OwnerChange) {
  return {
    definition,
    control: await kit.control(),
    ...kit.databaseUrls(definition),
    transport: kit.transport(definition),
    actor: kit.actor,
  };
}
