import {
  directionFrom,
  type MigrationDefinition,
  endsOf,
  sourceOf,
  streamsAt,
} from '@strangler-toolkit/plan';
import type { ContextRow } from '../control/index.ts';
import { databaseName } from '../database/connect.ts';
import type { Identity } from '../identity/identity.ts';
import { loadMapping } from '../mapping/load.ts';
import { readIdentityRow } from '../replica/identities.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { requireAccepted } from '../worker/require-accepted.ts';
import type { Toolkit } from './toolkit.ts';

/**
 * Whether a worker would begin with the context file.
 * @throws StranglerError naming the line that does not fit the tables, or what only a person can accept
 */
export async function requireStart(
  kit: Toolkit,
  definition: MigrationDefinition,
  { row, reread }: { readonly row: ContextRow; readonly reread: boolean },
): Promise<void> {
  const { context } = definition;
  const direction = directionFrom(row.owner);
  await kit.withDatabase(definition, 'monolith', (monolith) =>
    kit.withDatabase(definition, 'service', async (service) => {
      const mapping = await loadMapping(definition, monolith, service);
      if (reread || !streamsAt(row.stage)) return;
      const { target } = endsOf(direction, { monolith, service });
      const known = await readIdentityRow<Identity>(target, { context, direction });
      // Before the end of the first copy nothing rests on what is published: a start makes it anew.
      if (known === undefined && direction === 'forward') return;
      await requireAccepted({
        monolith,
        service,
        mapping,
        direction,
        publication: replicationNames(
          context,
          direction,
          databaseName(kit.databaseUrl(definition, sourceOf(direction))),
        ).publication,
        ownTables: kit.transport(definition).ownTables,
        known: known?.epoch === row.epoch ? known.identity : undefined,
      });
    }),
  );
}
