import type { StranglerError } from '@strangler-toolkit/plan';

/** Everything that a look at a context's databases can find, as `doctor --json` names it; a test has one of each. */
export const findingKinds = [
  // what the servers are, and what the role may
  'wal level',
  'replication right',
  'replica role',
  'replication origins',
  'create right',
  'slots',
  'senders',
  // what is refused
  'relation',
  'unlogged',
  'foreign partitions',
  'inheritance',
  'row policy',
  'replica identity',
  'foreign reference',
  'time zone',
  'padded text',
  'lost digits',
  'equality',
  'enum labels',
  'encoding',
  'money',
  // what somebody has to decide
  'id',
  'shared sequence',
  'foreign key',
  'foreign key streamed',
  'foreign key unknown',
  'trigger',
  'trigger unknown',
  'trigger fires',
  'trigger of a column',
  'written together',
  'subscription',
  'values',
  'constraint',
  'sorting',
  'files',
  // what somebody did
  'fence opened',
] as const;
export type FindingKind = (typeof findingKinds)[number];

/** Of an error that refuses something of a database. */
export const kindOf = ({ details }: StranglerError): FindingKind | undefined =>
  findingKinds.find((kind) => kind === details.finding);
