import { createHash } from 'node:crypto';
import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { arrayLiteral } from './array-literal.ts';
import { type ApplyStep, collapseChanges } from './collapse.ts';
import { conditionText, meets } from '../mapping/row-condition.ts';
import { refusalOf } from '../copy/projection-sql.ts';
import { copyPuts } from './copy-in.ts';
import { beginFollowing, endFollowing } from './follow-keys.ts';
import type { PlainInserts } from './plain-inserts.ts';
import type { FoldableChange, LogicalRow, Put, RowChange } from './row-change.ts';
import { columnsOf, groupRows, type RowGroup, valuesOf } from './row-groups.ts';
import {
  addStatement,
  clearStatement,
  deleteStatement,
  deriveStatement,
  emptyStatement,
  patchStatement,
  putStatement,
  rekeyStatement,
} from './write-statements.ts';
import { projectOnto, type TargetInput, type WriteTarget } from './write-target.ts';

export type Targets = readonly (readonly WriteTarget[])[];

/**
 * Writes changes in as few statements as their order allows. Throws on the first failure; the caller owns the transaction.
 * `plainInserts`: where it says so, rows that the source made are not looked for first, and it fails when one is there.
 */
export async function writeChanges(
  client: pg.Client,
  targets: Targets,
  changes: readonly RowChange[],
  plainInserts: PlainInserts | null = null,
): Promise<void> {
  await writeSteps(client, targets, collapseChanges(changes), plainInserts);
}

/** As `writeChanges`, of changes that were collapsed before. */
export async function writeSteps(
  client: pg.Client,
  targets: Targets,
  steps: readonly ApplyStep[],
  plainInserts: PlainInserts | null,
): Promise<void> {
  const followed = await beginFollowing(client, targets, steps);
  for (const step of steps) await writeStep(client, targets, step, plainInserts);
  await endFollowing(client, followed);
}

async function writeStep(
  client: pg.Client,
  targets: Targets,
  step: ApplyStep,
  plainInserts: PlainInserts | null,
): Promise<void> {
  if (step.kind === 'rows') return writeRows(client, targets, step.changes, plainInserts);
  const { change } = step;
  for (const target of targets[change.table] ?? []) {
    switch (change.kind) {
      case 'invalid':
        throw change.error;
      case 'truncate':
        await run(client, emptyStatement(target), []);
        break;
      case 'clear':
        await run(client, clearStatement(target, change.columns), []);
        if (target.derived.size > 0) await run(client, deriveStatement(target, []), []);
        break;
      case 'rekey':
        requireOurs(target, [change.row]);
        await writeRekey(client, target, change);
        await deriveColumns(client, target, [change.row]);
        break;
    }
  }
}

async function writeRekey(
  client: pg.Client,
  target: WriteTarget,
  change: Extract<RowChange, { kind: 'rekey' }>,
): Promise<void> {
  const row = projectOnto(target, change.row);
  const old = projectOnto(target, change.oldKey);
  // an identity column that only the database sets cannot be updated: the row is made anew
  if (!target.key.some((column) => target.fixed.has(column))) {
    const columns = Object.keys(row);
    const count = await run(client, rekeyStatement(target, columns), [
      ...columns.map((column) => row[column] ?? null),
      ...target.key.map((column) => old[column] ?? null),
    ]);
    if (count > 0) return;
  }
  if (!change.complete && change.lenient !== true) throw rowMissing(target, 1);
  await writeDeletes(client, target, [change.oldKey]);
  if (change.complete) await writePuts(client, target, [change.row]);
}

/** What one statement each may write of a table. */
interface TableRows {
  readonly gone: LogicalRow[];
  /** Not expected to be there. */
  readonly inserts: Put[];
  /** Expected to be there. */
  readonly puts: LogicalRow[];
  readonly patches: LogicalRow[];
  readonly lenient: LogicalRow[];
}

async function writeRows(
  client: pg.Client,
  targets: Targets,
  changes: readonly FoldableChange[],
  plainInserts: PlainInserts | null,
): Promise<void> {
  const tables: (TableRows | undefined)[] = targets.map(() => undefined);
  for (const change of changes) {
    const rows = (tables[change.table] ??= {
      gone: [],
      inserts: [],
      puts: [],
      patches: [],
      lenient: [],
    });
    if (change.kind === 'delete') rows.gone.push(change.key);
    else if (change.kind === 'patch')
      (change.lenient ? rows.lenient : rows.patches).push(change.row);
    else {
      if (change.fresh) rows.gone.push(change.key);
      if (change.fresh || change.created === true) rows.inserts.push(change);
      else rows.puts.push(change.row);
    }
  }
  // first, and of all mappings: a row of one may take the key that a row of another had in the same table
  for (const [index, rows] of tables.entries()) {
    if (rows === undefined) continue;
    for (const target of targets[index] ?? []) {
      if (target.where !== undefined) requireOurs(target, writtenRows(rows));
      await writeDeletes(client, target, rows.gone);
    }
  }
  for (const [index, rows] of tables.entries()) {
    if (rows === undefined) continue;
    for (const target of targets[index] ?? []) {
      await writeUpdates(client, target, rows.puts);
      await writePatches(client, target, rows.patches, false);
      await writePatches(client, target, rows.lenient, true);
      // last: a new row may take a unique value that another one gave up
      await writeInserts(client, target, rows.inserts, plainInserts);
      if (target.derived.size > 0) await deriveColumns(client, target, writtenRows(rows));
    }
  }
}

async function writeDeletes(
  client: pg.Client,
  target: WriteTarget,
  keys: readonly LogicalRow[],
): Promise<void> {
  if (keys.length === 0) return;
  for (const group of groupRows(keyInputs(target), keys))
    await runGroup(client, target, 'delete', group);
}

const keyInputs = (target: WriteTarget): TargetInput[] =>
  target.key.flatMap((column) => target.inputs.filter((input) => input.column === column));

const writtenRows = (rows: TableRows): LogicalRow[] => [
  ...rows.puts,
  ...rows.patches,
  ...rows.lenient,
  ...rows.inserts.map(({ row }) => row),
];

/** What follows from the rest of the rows that were written. */
async function deriveColumns(
  client: pg.Client,
  target: WriteTarget,
  rows: readonly LogicalRow[],
): Promise<void> {
  if (target.derived.size === 0) return;
  for (const group of groupRows(keyInputs(target), rows))
    await runGroup(client, target, 'derive', group);
}

/** Fewer rows than this are sent sooner with one statement that is prepared already. */
const leastToCopy = 20;

async function writeInserts(
  client: pg.Client,
  target: WriteTarget,
  puts: readonly Put[],
  plainInserts: PlainInserts | null,
): Promise<void> {
  // COPY takes values, no expressions over them
  const plain = target.unique && target.converted.size === 0;
  if (plain && puts.length >= leastToCopy && plainInserts?.tries(target.name) === true)
    await copyPuts(client, target, puts);
  else
    await writePuts(
      client,
      target,
      puts.map(({ row }) => row),
    );
}

async function writePuts(
  client: pg.Client,
  target: WriteTarget,
  rows: readonly LogicalRow[],
): Promise<void> {
  for (const group of groupRows(target.inputs, rows)) {
    const written = await runGroup(client, target, 'put', group);
    if (target.where !== undefined && written < group.rows.length) throw keyOfAnother(target);
  }
}

/** Rows that are expected to be there: an update is cheaper than an insert that finds each of them. Those that are not there come in. */
async function writeUpdates(
  client: pg.Client,
  target: WriteTarget,
  rows: readonly LogicalRow[],
): Promise<void> {
  // Without another column than the key there is nothing to update. A plan for any row looks at every partition, each time.
  if (!target.unique || target.partitioned || target.inputs.length === target.key.length)
    return writePuts(client, target, rows);
  for (const group of groupRows(target.inputs, rows)) {
    let written = await runGroup(client, target, 'patch', group);
    // not an upsert: it would write those a second time that the update has written
    if (written < group.rows.length) written += await runGroup(client, target, 'add', group);
    if (written < group.rows.length) await writePuts(client, target, group.rows);
  }
}

async function writePatches(
  client: pg.Client,
  target: WriteTarget,
  rows: readonly LogicalRow[],
  lenient: boolean,
): Promise<void> {
  for (const group of groupRows(target.inputs, rows)) {
    // only the key: this target holds none of the changed columns
    if (group.inputs.length === target.key.length) continue;
    const count = await runGroup(client, target, 'patch', group);
    if (!lenient && count < group.rows.length) throw rowMissing(target, group.rows.length - count);
  }
}

const rowMissing = (target: WriteTarget, rows: number): StranglerError =>
  new StranglerError(
    'APPLY_FAILED',
    `${target.name}: ${rows} changed row(s) are not there, so a part of them cannot be written`,
    {
      details: { data: true, table: target.name },
    },
  );

/** Before anything is written: a row that is not one of ours is the other side's to write. */
function requireOurs({ name, where, asked }: WriteTarget, rows: readonly LogicalRow[]): void {
  if (where === undefined || asked !== true || rows.every((row) => meets(where, row) !== false))
    return;
  throw new StranglerError(
    'ROW_OUTSIDE',
    `${name}: the row is none of those where ${conditionText(where)}, so its change is not the service's to make`,
    { details: { data: true, table: name } },
  );
}

const keyOfAnother = ({ name, where = {} }: WriteTarget): StranglerError =>
  new StranglerError(
    'ROW_OUTSIDE',
    `${name}: a row that is none of those where ${conditionText(where)} has the key already`,
    { details: { data: true, table: name } },
  );

const statements = {
  delete: deleteStatement,
  put: putStatement,
  patch: patchStatement,
  add: addStatement,
  derive: deriveStatement,
};

async function runGroup(
  client: pg.Client,
  target: WriteTarget,
  kind: keyof typeof statements,
  group: RowGroup,
): Promise<number> {
  const arrays = group.inputs.map((input) => arrayLiteral(valuesOf(group, input)));
  return run(
    client,
    statements[kind](target, columnsOf(group)),
    kind === 'put' || kind === 'add' ? [...arrays, ...target.extras.values()] : arrays,
  );
}

/** Statement text → its name. */
const names = new Map<string, string>();

async function run(
  client: pg.Client,
  text: string,
  values: readonly (string | null)[],
): Promise<number> {
  // a name keeps the parsed statement on the server; its text alone decides it
  let name = names.get(text);
  if (name === undefined)
    names.set(text, (name = `strangler_${createHash('md5').update(text).digest('hex')}`));
  const result = await client.query({ name, text, values: [...values] }).catch((error: unknown) => {
    throw refusalOf(error) ?? error;
  });
  return result.rowCount ?? 0;
}
