import { type Direction, type MigrationDefinition, sourceOf } from '@strangler-toolkit/plan';
import { databaseName } from '../database/connect.ts';
import type { Identity } from '../identity/identity.ts';
import { carrierPlace } from '../identity/read-carrier.ts';
import { readIdentity } from '../identity/read-identity.ts';
import { loadMapping } from '../mapping/load.ts';
import { carrierOf } from '../stream/choose-transport.ts';
import { replicationNames } from '../stream/source/replication-names.ts';
import { lookAtBoth } from './look-at-both.ts';
import type { Toolkit } from './toolkit.ts';

/** What the rows of a context rest on now, as evidence stores it and gates compare it. @throws StranglerError DB_*, SCHEMA_* */
export function presentIdentity(
  kit: Toolkit,
  definition: MigrationDefinition,
  direction: Direction,
): Promise<Identity> {
  const names = replicationNames(
    definition.context,
    direction,
    databaseName(kit.databaseUrl(definition, sourceOf(direction))),
  );
  return lookAtBoth(kit, definition, async (monolith, service) =>
    readIdentity({
      monolith,
      service,
      mapping: await loadMapping(definition, monolith, service),
      direction,
      publication: names.publication,
      carrier: carrierPlace(carrierOf(definition, kit.env), names),
    }),
  );
}
