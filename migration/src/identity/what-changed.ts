import { type Direction, type Side, sourceOf, targetOf } from '@strangler-toolkit/plan';
import {
  type ColumnIdentity,
  counterpart,
  type Identity,
  type LeafIdentity,
  mappedName,
  type MappedTable,
  type PublicationIdentity,
  type TableIdentity,
} from './identity.ts';

/**
 * `void`: what was found out before is no proof any more, the rows are all right as far as anybody can tell.
 * `reread`: rows may have changed, come or gone without an event; a comparison tells which.
 * `stop`: events of a table may be missing from now on, and a person has to say what is meant.
 */
type Severity = 'void' | 'reread' | 'stop';

export type Kind =
  'publication' | 'table' | 'column' | 'storage' | 'partition' | 'mapping' | 'carrier' | 'fence';

export interface Change {
  readonly severity: Severity;
  readonly kind: Kind;
  /** The monolith's table whose rows are meant, as the mapping names it; null: all of them. */
  readonly table: string | null;
  /** What changed, as a sentence without its full stop. */
  readonly text: string;
  /** Nobody can accept it: reading again would take rows away that nothing else holds. */
  readonly final?: true;
  /** A partition that is there now and was not: when it is empty, nothing came with it. */
  readonly newLeaf?: { readonly side: Side; readonly oid: string };
}

/** What is different from before, the most serious first. Empty: all that rested on it still stands. */
export function whatChanged(before: Identity, after: Identity): readonly Change[] {
  const ranks: readonly Severity[] = ['stop', 'reread', 'void'];
  return [
    ...publicationChanges(before, after),
    ...(['monolith', 'service'] as const).flatMap((side) => sideChanges(side, before, after)),
    ...mappingChanges(before.mapping, after.mapping, after.direction),
    ...carrierChanges(before, after),
    ...fenceChanges(before, after),
  ].sort((left, right) => ranks.indexOf(left.severity) - ranks.indexOf(right.severity));
}

/** For people: every change once. */
export const changesText = (changes: readonly Change[]): string =>
  [...new Set(changes.map(({ text }) => text))].join('; ');

function publicationChanges(before: Identity, after: Identity): Change[] {
  const [was, is] = [before.publication, after.publication];
  // Nothing rests on a publication that was not there, or on one of the other direction.
  if (was === null || before.direction !== after.direction) return [];
  const stop = (text: string): Change => ({
    severity: 'stop',
    kind: 'publication',
    table: null,
    text,
  });
  const side = sourceOf(after.direction);
  if (is === null) return [stop(`publication ${was.name} of the ${side} does not exist any more`)];
  if (is.oid !== was.oid)
    return [stop(`publication ${was.name} of the ${side} was dropped and made anew`)];
  if (is.actions !== was.actions)
    return [
      stop(`publication ${was.name} of the ${side} publishes ${is.actions} (was ${was.actions})`),
    ];
  const left = sourceTables(before).filter((name) => !sourceTables(after).includes(name));
  const tables = was.tables.filter(({ name }) => !left.includes(name));
  const changes = membershipChanges(side, { ...was, tables }, is);
  // Somebody altered it and it is as it was: perhaps it was something else in between.
  if (changes.length === 0 && is.version !== was.version)
    return [
      {
        severity: 'void',
        kind: 'publication',
        table: null,
        text: `publication ${was.name} of the ${side} was altered`,
      },
    ];
  return changes;
}

/** What it left out comes with no event, and nothing that comes later tells of it (Debezium within a record of a COPY). */
function carrierChanges(before: Identity, after: Identity): Change[] {
  const is = after.carrier;
  if (is === undefined || before.direction !== after.direction) return [];
  const was = before.carrier;
  if (was?.name === is.name && was.session === is.session) return [];
  const side = sourceOf(after.direction);
  const told =
    was === undefined
      ? `nobody noted then by which session ${is.name} read the ${side}'s log`
      : is.session === null
        ? `${is.name} does not read the ${side}'s log any more`
        : `${is.name} began to read the ${side}'s log anew`;
  const text = `${told}, and where it goes on in the middle of a COPY it may leave rows out`;
  return [{ severity: 'void', kind: 'carrier', table: null, text }];
}

/**
 * Rows that came through an opened fence came with no event, and a person has to look: to read them again from their owner would
 * throw away what somebody wrote. Who opens a fence of another direction touched rows that nobody said anything of.
 */
function fenceChanges(before: Identity, after: Identity): Change[] {
  const is = after.fence;
  if (is === undefined || before.direction !== after.direction) return [];
  // A release before marks: what was seen since they began came afterwards, as far as anybody knows.
  const was = before.fence ?? { opened: 0, open: [] };
  const side = targetOf(after.direction);
  const change = (text: string): Change => ({ severity: 'void', kind: 'fence', table: null, text });
  return [
    ...(is.opened === was.opened
      ? []
      : [change(`${is.noticed.join(', ')} on the ${side}: writes left no trace`)]),
    ...(is.open.join() === was.open.join()
      ? []
      : [change(`other tables of the ${side} are fenced than were`)]),
  ];
}

/** Mapped tables of the side that publishes. */
const sourceTables = ({ direction, mapping }: Identity): readonly string[] =>
  mapping.flatMap(({ monolith, parts }) =>
    direction === 'forward' ? [monolith] : parts.map(({ service }) => service),
  );

function membershipChanges(
  side: Side,
  was: PublicationIdentity,
  is: PublicationIdentity,
): Change[] {
  return was.tables.flatMap((table) => {
    const now = is.tables.find(({ name }) => name === table.name);
    const stop = (what: string): Change => ({
      severity: 'stop',
      kind: 'publication',
      table: null,
      text: `publication ${was.name} of the ${side} ${what}`,
    });
    if (now === undefined) return [stop(`does not hold ${table.name} any more`)];
    if (now.filter !== table.filter) return [stop(`has another row filter on ${table.name}`)];
    if (now.columns !== table.columns) return [stop(`has another column list on ${table.name}`)];
    if (now.membership !== table.membership)
      return [stop(`did not hold ${table.name} for a while, or held a part of it`)];
    return [];
  });
}

function sideChanges(side: Side, before: Identity, after: Identity): Change[] {
  return after[side].flatMap((table) => {
    const was = before[side].find(({ name }) => name === table.name);
    // Not mapped before: there is nothing that rests on it.
    if (was === undefined) return [];
    const mapped = after.mapping.filter(({ monolith, parts }) =>
      side === 'monolith'
        ? monolith === table.name
        : parts.some(({ service }) => service === table.name),
    );
    const names = [...new Set(mapped.map(({ monolith }) => monolith))];
    return tableChanges(side, was, table).flatMap((change) =>
      (names.length === 0 ? [null] : names).map((name) => ({ ...change, table: name })),
    );
  });
}

function tableChanges(side: Side, was: TableIdentity, is: TableIdentity): Omit<Change, 'table'>[] {
  const name = `table ${is.name} of the ${side}`;
  if (is.oid !== was.oid)
    return [
      {
        severity: 'stop',
        kind: 'table',
        text:
          is.oid === '' ? `${name} is not there any more` : `${name} was exchanged for another one`,
      },
    ];
  const rewritten = was.file !== is.file || was.leaves.some((leaf) => fileChanged(leaf, is.leaves));
  const columns = is.columns.flatMap((column) => columnChanges(name, { was, column }, rewritten));
  const leaves = leafChanges(name, side, was, is);
  const changes = [...columns, ...leaves];
  if (was.replicaIdentity !== is.replicaIdentity)
    changes.push({ severity: 'void', kind: 'table', text: `${name} has another replica identity` });
  // VACUUM FULL and CLUSTER change no row, TRUNCATE comes as an event; a rewrite with USING also alters its column.
  if (was.file !== is.file && columns.every(({ severity }) => severity !== 'reread'))
    changes.push({
      severity: 'void',
      kind: 'storage',
      text: `${name} was stored anew (VACUUM FULL, CLUSTER, TRUNCATE or a rewrite)`,
    });
  return changes;
}

const fileChanged = (leaf: LeafIdentity, now: readonly LeafIdentity[]): boolean =>
  now.some(({ oid, file }) => oid === leaf.oid && file !== leaf.file);

function columnChanges(
  name: string,
  { was, column }: { readonly was: TableIdentity; readonly column: ColumnIdentity },
  rewritten: boolean,
): Omit<Change, 'table'>[] {
  const before = was.columns.find((candidate) => candidate.name === column.name);
  // It was not mapped: the mapping tells.
  if (before === undefined) return [];
  if (before.number !== column.number)
    return [
      {
        severity: 'reread',
        kind: 'column',
        text: `column ${column.name} of ${name} was exchanged for another one`,
      },
    ];
  const types = before.type === column.type ? '' : ` (${before.type} is ${column.type} now)`;
  if (rewritten && before.version !== column.version)
    return [
      {
        severity: 'reread',
        kind: 'column',
        text: `column ${column.name} of ${name} was rewritten${types}`,
      },
    ];
  const relabelled = (before.labels ?? []).some((label) => !(column.labels ?? []).includes(label));
  if (before.labels !== null && column.labels !== null && relabelled)
    return [
      {
        severity: 'reread',
        kind: 'column',
        text: `values of column ${column.name} of ${name} were renamed in their enum type`,
      },
    ];
  if (types !== '')
    return [
      {
        severity: 'void',
        kind: 'column',
        text: `column ${column.name} of ${name} has another type${types}`,
      },
    ];
  return [];
}

function leafChanges(
  name: string,
  side: Side,
  was: TableIdentity,
  is: TableIdentity,
): Omit<Change, 'table'>[] {
  const gone = was.leaves
    .filter((leaf) => is.leaves.every(({ oid }) => oid !== leaf.oid))
    .map(({ name: leaf }) => ({
      severity: 'reread' as const,
      kind: 'partition' as const,
      text: `partition ${leaf} of ${name} was detached or dropped`,
    }));
  const others = is.leaves.flatMap((leaf): Omit<Change, 'table'>[] => {
    const before = was.leaves.find(({ oid }) => oid === leaf.oid);
    if (before === undefined)
      return [
        {
          severity: 'reread',
          kind: 'partition' as const,
          text: `partition ${leaf.name} of ${name} was made or attached`,
          newLeaf: { side, oid: leaf.oid },
        },
      ];
    if (before.attached !== leaf.attached)
      return [
        {
          severity: 'reread',
          kind: 'partition' as const,
          text: `partition ${leaf.name} of ${name} was detached and attached again`,
        },
      ];
    // The truncation of a partition is no event of the table above it.
    return before.file === leaf.file
      ? []
      : [
          {
            severity: 'reread',
            kind: 'partition' as const,
            text: `partition ${leaf.name} of ${name} was truncated or stored anew`,
          },
        ];
  });
  return [...gone, ...others];
}

function mappingChanges(
  before: readonly MappedTable[],
  after: readonly MappedTable[],
  direction: Direction,
): Change[] {
  return [
    ...before
      .filter((table) => counterpart(table, before, after) === undefined)
      .map((table): Change => ({
        severity: 'void',
        kind: 'mapping' as const,
        table: null,
        text: `table ${mappedName(table, before)} is not mapped any more`,
      })),
    ...after.flatMap((table) => {
      const was = counterpart(table, after, before);
      return was === undefined
        ? [
            {
              // Its rows were not copied, or changes of them passed while it was not mapped.
              severity: 'reread' as const,
              kind: 'mapping' as const,
              table: table.monolith,
              text: `table ${mappedName(table, after)} was not mapped`,
            },
          ]
        : mappedTableChanges(was, table, direction);
    }),
  ];
}

const kindsOf = ({ parts }: MappedTable): string => parts.map(({ kind = '' }) => kind).join();

function mappedTableChanges(was: MappedTable, is: MappedTable, direction: Direction): Change[] {
  const change = (severity: Severity, text: string): Change => ({
    severity,
    kind: 'mapping',
    table: is.monolith,
    text: `the mapping of ${is.monolith} ${text}`,
  });
  if (was.key.join() !== is.key.join())
    return [change('stop', `has the key ${is.key.join(', ')} (was ${was.key.join(', ')})`)];
  const changes: Change[] = [];
  if (was.where !== is.where || kindsOf(was) !== kindsOf(is))
    changes.push(
      direction === 'forward'
        ? change('reread', 'is for other rows than it was')
        : {
            ...change(
              'stop',
              'is for other rows than it was: who they belong to can change while the monolith owns them only',
            ),
            final: true,
          },
    );
  if (was.onReturn !== is.onReturn)
    changes.push(change('void', 'gives other values to what it leaves behind'));
  for (const part of is.parts) {
    const before = was.parts.find(({ service }) => service === part.service);
    const added = Object.keys(part.links).filter((from) => before?.links[from] === undefined);
    const other = Object.entries(part.links)
      .filter(([from, to]) => before?.links[from] !== undefined && before.links[from] !== to)
      .map(([from]) => from);
    const removed = Object.keys(before?.links ?? {}).filter(
      (from) => part.links[from] === undefined,
    );
    if (added.length > 0)
      changes.push(change('reread', `takes ${added.join(', ')} to ${part.service} as well`));
    if (other.length > 0)
      changes.push(change('reread', `takes ${other.join(', ')} to ${part.service} otherwise`));
    if (removed.length > 0)
      changes.push(change('void', `takes ${removed.join(', ')} to ${part.service} no more`));
    if (before !== undefined && before.list !== part.list)
      changes.push(change('void', `keeps another list of rows of ${part.service}`));
    if (before !== undefined && before.constants !== part.constants)
      changes.push(change('void', `gives other constants to ${part.service}`));
  }
  for (const part of was.parts)
    if (is.parts.every(({ service }) => service !== part.service))
      changes.push(change('void', `takes nothing to ${part.service} any more`));
  return changes;
}
