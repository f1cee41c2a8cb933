import { createHash } from 'node:crypto';
import type { Direction } from '@strangler-toolkit/plan';

export interface ReplicationNames {
  readonly publication: string;
  /** Slots and origins are shared by all databases of a server, so their names carry the database. */
  readonly slot: string;
  readonly origin: string;
}

/** `database` is the name of the database in which the object lives: the source's for publication and slot, the target's for the origin. */
export const replicationNames = (
  context: string,
  direction: Direction,
  database: string,
): ReplicationNames => streamNames(context, direction, database);

/** Names for whatever reads the log. `purpose` keeps those that are called alike apart. */
export function streamNames(
  name: string,
  purpose: Direction | 'outbox' | 'consumer',
  database: string,
): ReplicationNames {
  const suffix = createHash('md5').update(database).digest('hex').slice(0, 8);
  // Slot names allow only a-z, 0-9 and _, at most 63 characters.
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '_');
  const room = 63 - `strangler__${purpose}_${suffix}`.length;
  const safe =
    plain === name && plain.length <= room
      ? plain
      : `${plain.slice(0, room - 7)}_${createHash('md5').update(name).digest('hex').slice(0, 6)}`;
  const publication = `strangler_${safe}_${purpose}`;
  return { publication, slot: `${publication}_${suffix}`, origin: `${publication}_${suffix}` };
}
