import { createHash } from 'node:crypto';

export type Direction = 'forward' | 'reverse';

export interface ReplicationNames {
  readonly publication: string;
  readonly slot: string;
  readonly origin: string;
}

/**
 * Names of one direction's objects. Slots and origins are shared by all databases of a server, so they carry a hash of the
 * database's name; the 63 bytes that PostgreSQL allows leave 36 for the context.
 */
export function replicationNames(context: string, direction: Direction, database: string): ReplicationNames {
  const base = `strangler_${context.replaceAll(/[^a-z0-9_]/g, '_').slice(0, 36)}_${direction}`;
  const hash = createHash('md5').update(database).digest('hex').slice(0, 8);
  return { publication: base, slot: `${base}_${hash}`, origin: `${base}_${hash}` };
}
