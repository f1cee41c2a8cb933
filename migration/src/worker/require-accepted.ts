import { type Direction, endsOf, StranglerError, targetOf } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { displayTable } from '../database/identifiers.ts';
import { counterpart, type Identity, mappedName, mappingIdentity } from '../identity/identity.ts';
import { readIdentity } from '../identity/read-identity.ts';
import { whatChanged } from '../identity/what-changed.ts';
import {
  type CompiledMapping,
  type CompiledTable,
  tableName,
  tablesOn,
} from '../mapping/compiled-mapping.ts';
import { writeIdentityRow } from '../replica/identities.ts';
import type { StreamKey } from '../replica/streams.ts';
import type { SourceTable } from '../stream/index.ts';
import { filledTable } from './filled-table.ts';
import { refuseStops } from './identity-watch.ts';
import { requirePublished } from './schema-check.ts';

interface Start {
  readonly monolith: pg.Client;
  readonly service: pg.Client;
  readonly mapping: CompiledMapping;
  readonly direction: Direction;
  /** On the direction's source. */
  readonly publication: string;
  readonly ownTables: readonly SourceTable[];
  /** What the applied rows of this epoch rest on. */
  readonly known: Identity | undefined;
}

/** Tables that what the applied rows rest on does not have. */
export const newcomersTo = (
  known: Identity,
  { tables }: CompiledMapping,
): readonly CompiledTable[] =>
  tables.filter((table) => {
    const now = mappingIdentity({ tables });
    const own = now[tables.indexOf(table)];
    return own !== undefined && counterpart(own, now, known.mapping) === undefined;
  });

const named = (table: CompiledTable, { tables }: CompiledMapping): string => {
  const now = mappingIdentity({ tables });
  const own = now[tables.indexOf(table)];
  return own === undefined ? tableName(table.monolith) : mappedName(own, now);
};

/**
 * What only a person can accept, with --reread: a worker that was not told so does not begin with it, and a worker that runs does
 * not take a context file that would have it end.
 * @throws StranglerError IDENTITY_CHANGED, SCHEMA_CHANGED, TARGET_NOT_EMPTY
 */
export async function requireAccepted(start: Start): Promise<void> {
  const { mapping, known } = start;
  if (known !== undefined)
    refuseStops(mapping.context, whatChanged(known, await readIdentity(start)));
  await requirePublished(start, mapping);
  if (known !== undefined) await requireRowsOfOurs(start, known);
}

/**
 * A table that comes back to the mapping while it is published is compared at once, and rows that its owner does not have go:
 * whoever had the table meanwhile may have written them.
 */
async function requireRowsOfOurs(
  { mapping, direction, monolith, service }: Start,
  known: Identity,
): Promise<void> {
  const { target } = endsOf(direction, { monolith, service });
  const side = targetOf(direction);
  for (const table of newcomersTo(known, mapping)) {
    if (known.coming?.includes(named(table, mapping))) continue;
    const filled = await filledTable(
      target,
      tablesOn(table, side),
      side === 'service' ? table.parts[0].shared?.where : {},
    );
    if (filled === undefined) continue;
    const name = displayTable(filled);
    throw new StranglerError(
      'TARGET_NOT_EMPTY',
      `${table.line}: ${displayTable(table.monolith)} was not mapped, and table ${name} of the ${side} is not empty: ` +
        'rows that its owner does not have would be removed',
      {
        remedy:
          `See whether somebody wrote to ${name} of the ${side} meanwhile; strangler replicate ${mapping.context} --reread ` +
          'compares it, and removes what its owner does not have.',
        details: { table: name },
      },
    );
  }
}

/** So that a reading that is cut off goes on: the rows that it brought are nobody else's. */
export async function noteComing(
  target: pg.Client,
  at: {
    readonly key: StreamKey;
    readonly epoch: number;
    readonly known: Identity;
    readonly mapping: CompiledMapping;
  },
): Promise<void> {
  const coming = newcomersTo(at.known, at.mapping).map((table) => named(table, at.mapping));
  if (coming.join() === (at.known.coming ?? []).join()) return;
  await writeIdentityRow(target, at.key, { epoch: at.epoch, identity: { ...at.known, coming } });
}
