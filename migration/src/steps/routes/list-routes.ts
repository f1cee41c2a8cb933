import {
  type CompiledRoute,
  compileRoutes,
  askedText,
  type DataKind,
  homeOf,
  type MigrationDefinition,
  type RouteDefinition,
  type Side,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../../control/index.ts';
import type { Toolkit } from '../toolkit.ts';
import { knownOwners, viewOf } from './owners.ts';

export interface RouteRow {
  readonly context: string;
  readonly route: string;
  readonly method: RouteDefinition['method'];
  readonly path: string;
  /** What it asks of a request besides: `header x-tenant a or b`, `query { products }`. */
  readonly when: readonly string[];
  readonly kind: 'read' | 'write';
  readonly data: DataKind;
  /** Whose the data is: the system of record. Null where the control database does not say. */
  readonly owner: Side | null;
  readonly epoch: number | null;
  readonly stage: string | null;
}

export interface RouteList {
  readonly routes: readonly RouteRow[];
  /** Why owners are not known. */
  readonly ownersProblem: string | null;
}

export const rowOf = (
  route: CompiledRoute,
  definition: MigrationDefinition,
  row: ContextRow | undefined,
): RouteRow => {
  const {
    context,
    definition: { name, method, path, kind },
  } = route;
  const view = viewOf(definition, row);
  return {
    context,
    route: name,
    method,
    path,
    when: askedText(route),
    kind,
    data: view.dataKind,
    owner: row ? homeOf(view) : null,
    epoch: row?.epoch ?? null,
    stage: row?.stage ?? null,
  };
};

/** Every route that a facade with these context files claims. @throws StranglerError CONFIG_INVALID as the facade does */
export async function listRoutes(kit: Toolkit, context?: string): Promise<RouteList> {
  const all = new Map(
    [...(await kit.contexts()).values()].map(({ definition }) => [definition.context, definition]),
  );
  // all of them are compiled, because they must fit together
  const table = compileRoutes(all.values());
  const asked = context === undefined ? [...all.values()] : [await kit.definition(context)];
  const { rows, problem } = await knownOwners(kit, asked);
  return {
    ownersProblem: problem,
    routes: asked.flatMap((definition) =>
      table.routes
        .filter((route) => route.context === definition.context)
        .map((route) => rowOf(route, definition, rows.get(definition.context))),
    ),
  };
}
