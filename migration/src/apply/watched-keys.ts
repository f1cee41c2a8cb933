import type { Direction, Side } from '@strangler-toolkit/plan';
import {
  displayTable,
  quoteIdentifier,
  quoteTable,
  type TableName,
} from '../database/identifiers.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { CrossingKey, KeyAction } from '../mapping/crossing-keys.ts';

/** A crossing foreign key that writes of one table look after, because the context file says so. */
export type WatchedKey = CrossingKey & {
  /** What happens to rows that refer to one that is gone, or that changed. */
  readonly deleted: KeyAction;
  readonly updated: KeyAction;
};

/** Without carrying out, everything that would leave a row referring to nothing is refused. */
export function watchedKeys(
  mapping: CompiledMapping,
  direction: Direction,
  table: TableName,
): WatchedKey[] {
  const target: Side = direction === 'forward' ? 'service' : 'monolith';
  return mapping.crossing
    .filter((key) => key.side === target && quoteTable(key[key.mapped]) === quoteTable(table))
    .filter((key) => key.decision !== null && key.decision.onApply !== 'accept')
    .map((key) => {
      const carried = key.decision?.onApply === 'carry-out';
      return {
        ...key,
        deleted: carried ? key.onDelete : 'no action',
        updated: carried ? key.onUpdate : 'no action',
      };
    });
}

const same = (
  left: string,
  ours: readonly string[],
  right: string,
  theirs: readonly string[],
): string =>
  ours
    .map(
      (column, index) =>
        `${left}.${quoteIdentifier(column)} = ${right}.${quoteIdentifier(theirs[index] ?? column)}`,
    )
    .join(' AND ');

const parentThere = ({ parent }: CrossingKey, alias: string): string =>
  `EXISTS (SELECT FROM ${quoteTable(parent)} AS parent WHERE ${parent.columns
    .map((column, index) => `parent.${quoteIdentifier(column)} = ${alias}.o${index}`)
    .join(' AND ')})`;

/** `gone(o0, …, n0, …)`: values that rows were referred to by, and what they changed to. */
function goneRows(key: CrossingKey, types: readonly string[], withNew: boolean): string {
  const letters = withNew ? ['o', 'n'] : ['o'];
  const names = letters.flatMap((letter) => types.map((_type, index) => `${letter}${index}`));
  const casts = letters.flatMap((letter) =>
    types.map((type, index) => `CAST(raw.${letter}${index} AS ${type}) AS ${letter}${index}`),
  );
  const arrays = names.map((_name, index) => `$${index + 1}::text[]`);
  return `(SELECT ${casts.join(', ')} FROM unnest(${arrays.join(', ')}) AS raw(${names.join(', ')}))`;
}

const refers = (key: CrossingKey): string =>
  key.child.columns
    .map((column, index) => `child.${quoteIdentifier(column)} = gone.o${index}`)
    .join(' AND ');

/** Statement that carries an action out; `look`: it only finds rows that would refer to nothing, and who finds one refuses. */
export function actionStatement(
  key: WatchedKey,
  event: 'deleted' | 'updated',
  types: readonly string[],
): { readonly text: string; readonly look: boolean } {
  const child = quoteTable(key.child);
  const gone = goneRows(key, types, event === 'updated');
  const where = `${refers(key)} AND NOT ${parentThere(key, 'gone')}`;
  const set = (value: (index: number) => string, columns: readonly string[]): string =>
    columns
      .map((column) => `${quoteIdentifier(column)} = ${value(key.child.columns.indexOf(column))}`)
      .join(', ');
  const some =
    event === 'deleted' && key.setColumns.length > 0 ? key.setColumns : key.child.columns;
  switch (key[event]) {
    case 'cascade':
      return {
        look: false,
        text:
          event === 'deleted'
            ? `DELETE FROM ${child} AS child USING ${gone} AS gone WHERE ${where}`
            : `UPDATE ${child} AS child SET ${set((index) => `gone.n${index}`, key.child.columns)} FROM ${gone} AS gone WHERE ${where}`,
      };
    case 'set null':
      return {
        look: false,
        text: `UPDATE ${child} AS child SET ${set(() => 'NULL', some)} FROM ${gone} AS gone WHERE ${where}`,
      };
    case 'set default':
      return {
        look: false,
        text: `UPDATE ${child} AS child SET ${set(() => 'DEFAULT', some)} FROM ${gone} AS gone WHERE ${where}`,
      };
    case 'restrict':
    case 'no action':
      return {
        look: true,
        text: `SELECT FROM ${child} AS child JOIN ${gone} AS gone ON ${where} LIMIT 1`,
      };
  }
}

/** Rows of the child that refer to nothing. */
export function orphansOf({ child, parent }: CrossingKey): string {
  const complete = child.columns
    .map((column) => `child.${quoteIdentifier(column)} IS NOT NULL`)
    .join(' AND ');
  return (
    `FROM ${quoteTable(child)} AS child WHERE ${complete} AND NOT EXISTS ` +
    `(SELECT FROM ${quoteTable(parent)} AS parent WHERE ${same('parent', parent.columns, 'child', child.columns)})`
  );
}

export const leavesNothing = (key: CrossingKey): string =>
  key.mapped === 'parent'
    ? `rows of ${displayTable(key.child)} would refer to a row of ${displayTable(key.parent)} that is gone (foreign key ${key.name})`
    : `the row would refer to a row of ${displayTable(key.parent)} that is not there (foreign key ${key.name})`;
