import { codeOf, type Direction } from '@strangler-toolkit/plan';
import type pg from 'pg';
import { databaseFailure } from '../database/failures.ts';
import { quoteIdentifier, quoteTable } from '../database/identifiers.ts';
import { inTransaction } from '../database/in-transaction.ts';
import { type CompiledList, type CompiledMapping, listsOf } from '../mapping/compiled-mapping.ts';
import { applying } from '../replica/fences.ts';
import { replicaSchema } from '../replica/schema.ts';
import { commentOf, listFunctions } from './list-functions.ts';
import { differingParents, keysOfParents, parentTable, rebuildStatement } from './list-sql.ts';

type Lists = Pick<CompiledMapping, 'context' | 'tables'>;

/** Our functions in a service's database, with how many of their triggers fire in every session. */
async function functionsThere(
  service: pg.Client,
  context: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await service.query<{ name: string; made: string; whole: string }>(
    `SELECT p.proname AS name, obj_description(p.oid, 'pg_proc') AS made,
            (SELECT count(*) FROM pg_trigger t WHERE t.tgfoid = p.oid AND t.tgenabled = 'A')::text AS whole
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname = $1 AND starts_with(obj_description(p.oid, 'pg_proc'), $2)`,
    [replicaSchema, commentOf(context, '')],
  );
  return new Map(rows.map(({ name, made, whole }) => [name, `${made} ${whole}`]));
}

/** Lists whose triggers are not all there and on. */
export async function unkeptLists(service: pg.Client, mapping: Lists): Promise<CompiledList[]> {
  const lists = listsOf(mapping);
  if (lists.length === 0) return [];
  const there = await functionsThere(service, mapping.context);
  return lists.filter((list) => {
    const { names, comment, triggers } = listFunctions(mapping.context, list);
    return names.some((name) => there.get(name) !== `${comment} ${triggers}`);
  });
}

/**
 * Makes what keeps the lists of a mapping, and takes away what kept others. `rebuild`: rows may have been written before it was
 * there, so their arrays are made once more; where the service owns the data, whichever of the two it wrote stands.
 * @returns the columns of lists that were not kept until now
 */
export async function keepLists(
  service: pg.Client,
  mapping: Lists,
  { rebuild }: { readonly rebuild: boolean },
): Promise<string[]> {
  const there = await functionsThere(service, mapping.context);
  const lists = listsOf(mapping);
  const wanted = lists.flatMap((list) => listFunctions(mapping.context, list).names);
  const made = await unkeptLists(service, mapping);
  const remade = made.flatMap((list) => listFunctions(mapping.context, list).names);
  const dropped = [...there.keys()].filter(
    (name) => !wanted.includes(name) || remade.includes(name),
  );
  if (made.length === 0 && dropped.length === 0) return [];
  const functions = made.map((list) => listFunctions(mapping.context, list));
  const work = async (): Promise<void> => {
    await inTransaction(service, async () => {
      await dropFunctions(service, dropped);
      for (const { sql, note, comment } of functions)
        await service.query(
          `${sql}\n${note(rebuild ? commentOf(mapping.context, 'not rebuilt') : comment)}`,
        );
    });
    if (!rebuild) return;
    // not while the triggers that went keep everybody from reading; who is cut off here begins anew
    await inTransaction(service, async () => {
      await rebuildAll(service, made);
      for (const { note, comment } of functions) await service.query(note(comment));
    });
  };
  await work().catch((error: unknown) => {
    if (codeOf(error) !== '42501') throw error;
    throw databaseFailure(
      error,
      `The lists of ${mapping.context} need a role that owns their tables and may make functions in schema ${replicaSchema}`,
    );
  });
  return made.map(({ parent, column }) => `${quoteTable(parent)}.${quoteIdentifier(column)}`);
}

/** Rows and arrays are the service's own from now on. In the caller's transaction. */
export async function dropLists(service: pg.Client, context: string): Promise<string[]> {
  const names = [...(await functionsThere(service, context)).keys()];
  await dropFunctions(service, names);
  return names;
}

/** Keeps them again; what differs is made of the rows where they are what replication brings. */
export async function repairLists(
  service: pg.Client,
  mapping: Lists,
  direction: Direction,
): Promise<void> {
  await keepLists(service, mapping, { rebuild: false });
  if (direction === 'forward') await inTransaction(service, () => rebuildLists(service, mapping));
}

/** Their triggers go with them. */
const dropFunctions = async (service: pg.Client, names: readonly string[]): Promise<void> => {
  for (const table of names)
    await service.query(`DROP FUNCTION ${quoteTable({ schema: replicaSchema, table })}() CASCADE`);
};

/** Makes every array that is another than its rows make, as one of replication's own writes. In the caller's transaction. */
export async function rebuildLists(service: pg.Client, mapping: Lists): Promise<void> {
  await rebuildAll(service, listsOf(mapping));
}

async function rebuildAll(service: pg.Client, lists: readonly CompiledList[]): Promise<void> {
  if (lists.length === 0) return;
  await service.query(applying({ local: true }));
  for (const list of lists)
    await service.query(rebuildStatement(list, keysOfParents(list, parentTable(list))));
}

export interface ListDifference {
  readonly rows: number;
  /** Of some parents. */
  readonly keys: readonly (readonly string[])[];
}

const namedRows = 5;

export async function differingLists(
  service: pg.Client,
  list: CompiledList,
): Promise<ListDifference> {
  const wrong = differingParents(list);
  const { rows } = await service.query<{ rows: string }>(`SELECT count(*) AS rows ${wrong}`);
  const count = Number(rows[0]?.rows ?? 0);
  if (count === 0) return { rows: 0, keys: [] };
  const keys = await service.query<string[]>({
    text: `SELECT ${list.key.map(([, to]) => `p.${quoteIdentifier(to)}::text`).join(', ')} ${wrong} LIMIT ${namedRows}`,
    rowMode: 'array',
  });
  return { rows: count, keys: keys.rows };
}
