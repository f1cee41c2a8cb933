import { createHash } from 'node:crypto';
import type pg from 'pg';
import { StranglerError } from '../errors.ts';
import { type ApplyStep, collapseChanges } from './collapse.ts';
import type { FoldableChange, LogicalRow, RowChange } from './row-change.ts';
import { clearStatement, deleteStatement, emptyStatement, patchStatement, putStatement, rekeyStatement } from './write-statements.ts';
import type { WriteTarget } from './write-target.ts';

export type Targets = readonly (readonly WriteTarget[])[];

/** Writes changes in as few statements as their order allows. Throws on the first failure; the caller owns the transaction. */
export async function writeChanges(client: pg.Client, targets: Targets, changes: readonly RowChange[]): Promise<void> {
  for (const step of collapseChanges(changes)) await writeStep(client, targets, step);
}

async function writeStep(client: pg.Client, targets: Targets, step: ApplyStep): Promise<void> {
  if (step.kind === 'rows') return writeRows(client, targets, step.changes);
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
        break;
      case 'rekey':
        await writeRekey(client, target, change);
        break;
    }
  }
}

async function writeRekey(client: pg.Client, target: WriteTarget, change: Extract<RowChange, { kind: 'rekey' }>): Promise<void> {
  const row = target.project(change.row);
  const old = target.project(change.oldKey);
  // an identity column that only the database sets cannot be updated: the row is made anew
  if (!target.key.some((column) => target.fixed.has(column))) {
    const columns = Object.keys(row);
    const count = await run(client, rekeyStatement(target, columns), [...columns.map((column) => row[column] ?? null), ...target.key.map((column) => old[column] ?? null)]);
    if (count > 0) return;
  }
  if (!change.complete) throw rowMissing(target, 1);
  await writeDeletes(client, target, [old]);
  await writePuts(client, target, [row]);
}

async function writeRows(client: pg.Client, targets: Targets, changes: readonly FoldableChange[]): Promise<void> {
  for (const [index, tables] of targets.entries()) {
    const mine = changes.filter((change) => change.table === index);
    if (mine.length === 0) continue;
    const gone = mine.filter((change) => change.kind === 'delete' || (change.kind === 'put' && change.fresh));
    const puts = mine.filter((change) => change.kind === 'put');
    const patches = mine.filter((change) => change.kind === 'patch');
    for (const target of tables) {
      await writeDeletes(client, target, gone.map((change) => target.project(change.key)));
      await writePuts(client, target, puts.map((change) => target.project(change.row)));
      for (const lenient of [false, true]) {
        await writePatches(client, target, patches.filter((change) => change.lenient === lenient).map((change) => target.project(change.row)), lenient);
      }
    }
  }
}

async function writeDeletes(client: pg.Client, target: WriteTarget, keys: readonly LogicalRow[]): Promise<void> {
  if (keys.length > 0) await run(client, deleteStatement(target), arraysOf(keys, target.key));
}

async function writePuts(client: pg.Client, target: WriteTarget, rows: readonly LogicalRow[]): Promise<void> {
  for (const { columns, group } of byColumns(target, rows)) {
    await run(client, putStatement(target, columns), [...arraysOf(group, columns), ...target.extras.values()]);
  }
}

async function writePatches(client: pg.Client, target: WriteTarget, rows: readonly LogicalRow[], lenient: boolean): Promise<void> {
  for (const { columns, group } of byColumns(target, rows)) {
    // only the key: this target holds none of the changed columns
    if (columns.length === target.key.length) continue;
    const count = await run(client, patchStatement(target, columns), arraysOf(group, columns));
    if (!lenient && count < group.length) throw rowMissing(target, group.length - count);
  }
}

function byColumns(target: WriteTarget, rows: readonly LogicalRow[]): { columns: string[]; group: LogicalRow[] }[] {
  const groups = new Map<string, { columns: string[]; group: LogicalRow[] }>();
  for (const row of rows) {
    const columns = target.columns.filter((column) => row[column] !== undefined);
    const text = columns.join('\n');
    const known = groups.get(text);
    if (known === undefined) groups.set(text, { columns, group: [row] });
    else known.group.push(row);
  }
  return [...groups.values()];
}

const arraysOf = (rows: readonly LogicalRow[], columns: readonly string[]): (string | null)[][] =>
  columns.map((column) => rows.map((row) => row[column] ?? null));

const rowMissing = (target: WriteTarget, rows: number): StranglerError =>
  new StranglerError('APPLY_FAILED', `${target.name}: ${rows} changed row(s) are not there, so a part of them cannot be written`, {
    details: { data: true, table: target.name },
  });

async function run(client: pg.Client, text: string, values: unknown[]): Promise<number> {
  // a name keeps the parsed statement on the server; its text alone decides it
  const result = await client.query({ name: `strangler_${createHash('md5').update(text).digest('hex')}`, text, values });
  return result.rowCount ?? 0;
}
