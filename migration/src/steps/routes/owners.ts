import {
  isStranglerError,
  type MigrationDefinition,
  type OwnerView,
  storedKind,
} from '@strangler-toolkit/plan';
import { controlFailure } from '../../control/control-database.ts';
import type { ContextRow } from '../../control/index.ts';
import type { Toolkit } from '../toolkit.ts';

export interface KnownOwners {
  /** By context; empty where the control database says nothing. */
  readonly rows: ReadonlyMap<string, ContextRow>;
  /** Why they are not known. */
  readonly problem: string | null;
}

/** A table of routes is worth something without owners too, so a control database that is missing is told, not thrown. */
export async function knownOwners(
  kit: Toolkit,
  definitions: readonly MigrationDefinition[],
): Promise<KnownOwners> {
  const rows = new Map<string, ContextRow>();
  if (!kit.hasControl) return { rows, problem: 'STRANGLER_CONTROL_URL is not set' };
  try {
    for (const definition of definitions) rows.set(definition.context, await kit.row(definition));
    return { rows, problem: null };
  } catch (error) {
    const known = controlFailure(error, kit.controlUrl);
    if (!isStranglerError(known)) throw known;
    return { rows: new Map(), problem: `${known.code}: ${known.message}` };
  }
}

/** As a facade sees a context; without a row what it begins with. */
export function viewOf(definition: MigrationDefinition, row: ContextRow | undefined): OwnerView {
  const data = storedKind(definition.data);
  return {
    // a file and a row that disagree must not let flags move writes
    dataKind: data === 'replicated' ? data : (row?.dataKind ?? data),
    stage: row?.stage ?? 'monolith',
    owner: row?.owner ?? 'monolith',
    epoch: BigInt(row?.epoch ?? 0),
    known: row !== undefined,
  };
}
