import type { MigrationDefinition, Side, TriggerDecision } from '@strangler-toolkit/plan';
import type pg from 'pg';
import {
  displayTable,
  parseTableName,
  quoteIdentifier,
  quoteTable,
  type TableName,
} from '../database/identifiers.ts';
import type { OpenQuestion, Surrounding } from './surrounding.ts';

export interface TableTrigger {
  readonly side: Side;
  /** `table.trigger`, as the context file names it. */
  readonly name: string;
  /** What makes it fire for replicated rows: only its owner can say that it should. */
  readonly enable: string;
  readonly definition: string;
  /** Columns of the row and tables that its function's text names as written; empty when the text does not tell. */
  readonly writes: readonly string[];
  /** ENABLE ALWAYS or REPLICA: it fires for replicated rows too. */
  readonly whenApplied: boolean;
  /** ENABLE ALWAYS: for rows that the side's own application writes as well. */
  readonly always: boolean;
  /** BEFORE INSERT OR UPDATE of whatever column, FOR EACH ROW: what it sets is written with the row. */
  readonly setsEachRow: boolean;
}

const query = `
SELECT n.nspname AS schema, c.relname AS "table", t.tgname AS name, pg_get_triggerdef(t.oid, true) AS definition,
       t.tgenabled AS enabled, p.prosrc AS source,
       CASE WHEN t.tgtype::int & 23 = 23 AND cardinality(t.tgattr::int2[]) = 0 THEN 'yes' ELSE 'no' END AS sets_each_row
FROM unnest($1::text[], $2::text[]) AS w(s, t)
JOIN pg_namespace n ON n.nspname = w.s JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.t
JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgparentid = 0
JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE pn.nspname <> 'strangler' ORDER BY 1, 2, 3`;

/** What a function's text says it writes: a guess that helps a person, never a proof. */
export function writtenBy(source: string): string[] {
  const found = [
    ...source.matchAll(/\bNEW\."?(\w+)"?\s*:?=(?!=)/gi),
    ...source.matchAll(/\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?([\w."]+)/gi),
  ].map((match) => match[1] ?? '');
  return [...new Set(found.filter((name) => name !== '' && !/^(of|set)$/i.test(name)))];
}

export async function readTriggers(
  client: pg.Client,
  side: Side,
  tables: readonly TableName[],
): Promise<TableTrigger[]> {
  const { rows } = await client.query<Record<string, string>>(query, [
    tables.map(({ schema }) => schema),
    tables.map(({ table }) => table),
  ]);
  return rows.map((row) => ({
    side,
    name: `${displayTable({ schema: row.schema ?? '', table: row.table ?? '' })}.${row.name ?? ''}`,
    enable:
      `ALTER TABLE ${quoteTable({ schema: row.schema ?? '', table: row.table ?? '' })} ` +
      `ENABLE ALWAYS TRIGGER ${quoteIdentifier(row.name ?? '')}`,
    definition: row.definition ?? '',
    writes: writtenBy(row.source ?? ''),
    whenApplied: row.enabled !== 'O',
    always: row.enabled === 'A',
    setsEachRow: row.sets_each_row === 'yes',
  }));
}

/** Those that are to set a column that stayed behind: to name one there decides about it. */
function settingTriggers(definition: MigrationDefinition): Map<string, TriggerDecision> {
  const found = new Map<string, TriggerDecision>();
  for (const { monolith, leave = {} } of definition.tables ?? [])
    for (const [column, { onReturn, reason }] of Object.entries(leave))
      if (typeof onReturn === 'object' && 'trigger' in onReturn)
        found.set(`${displayTable(parseTableName(monolith))}.${onReturn.trigger}`, {
          onApply: 'fires',
          reason: `sets ${column}: ${reason}`,
        });
  return found;
}

/** What keeps a trigger from setting a column in every row, whoever writes it. */
function whyItDoesNotSet({
  always,
  setsEachRow,
  enable,
}: TableTrigger): Pick<OpenQuestion, 'problem' | 'remedy'> | undefined {
  if (!setsEachRow)
    return {
      problem: 'it is no BEFORE INSERT OR UPDATE … FOR EACH ROW without a list of columns',
      remedy: 'make it BEFORE INSERT OR UPDATE … FOR EACH ROW, then ENABLE ALWAYS',
    };
  return always ? undefined : { problem: 'it is not ENABLE ALWAYS', remedy: enable };
}

/** Every trigger on a mapped table, with its decision; and decisions about triggers that are not there. */
export function triggerSurroundings(
  triggers: readonly TableTrigger[],
  definition: MigrationDefinition,
): Surrounding[] {
  const line = (side: Side, name: string): string =>
    `contexts/${definition.context}: triggers.${side}['${name}']`;
  const setting = settingTriggers(definition);
  const found = triggers.map((trigger): Surrounding => {
    const { side, name, writes, whenApplied } = trigger;
    const about = `trigger ${name}`;
    const written = writes.length > 0 ? `, writes ${writes.join(', ')}` : '';
    const sets = side === 'monolith' ? setting.get(name) : undefined;
    const wrong = sets && whyItDoesNotSet(trigger);
    if (wrong)
      return {
        kind: 'trigger of a column',
        about,
        decision: null,
        problem: `it is to fire for each row that is written (${sets.reason}), and does not: ${wrong.problem}`,
        remedy: `On the ${side}: ${wrong.remedy}`,
      };
    // A column that relies on it leaves nothing to decide.
    const decided = sets ?? definition.triggers?.[side]?.[name];
    if (decided?.onApply === 'fires' && !whenApplied)
      return {
        kind: 'trigger fires',
        about,
        decision: null,
        problem: `it is to fire for replicated rows (${decided.reason}), and does not: it is neither ENABLE ALWAYS nor REPLICA`,
        remedy: `On the ${side}: ${trigger.enable}`,
      };
    if (decided)
      return {
        kind: 'trigger',
        about,
        decision: `${decided.onApply}: ${decided.reason} (${side}${written})`,
      };
    const other = side === 'monolith' ? 'service' : 'monolith';
    return {
      kind: 'trigger',
      about,
      decision: null,
      problem:
        `${trigger.definition} on the ${side}${written}; it ` +
        (whenApplied
          ? `fires for rows that come from the ${other} too, and what it writes may come as well`
          : `does not fire for rows that come from the ${other}: what it would have written is missing or stale`),
      remedy:
        `${line(side, name)}: { onApply: 'accept', reason: '…' }, once what it writes is mapped, ` +
        `computed by the ${other}, or not needed`,
    };
  });
  const missing = [...setting.keys()]
    .filter((name) => !triggers.some((one) => one.side === 'monolith' && one.name === name))
    .map((name): Surrounding => ({
      kind: 'trigger of a column',
      about: `trigger ${name}`,
      decision: null,
      problem:
        'the monolith has no such trigger, or it is disabled: what it is to set on return would be missing',
      remedy: `contexts/${definition.context}: mend onReturn.trigger of the table, or make the trigger`,
    }));
  const unknown = (['monolith', 'service'] as const).flatMap((side) =>
    Object.keys(definition.triggers?.[side] ?? {})
      .filter((name) => !triggers.some((one) => one.side === side && one.name === name))
      .map((name): Surrounding => ({
        kind: 'trigger unknown',
        about: `trigger ${name}`,
        decision: null,
        problem: `the ${side} has no such trigger on a mapped table`,
        remedy: `Mend or remove ${line(side, name)}`,
      })),
  );
  return [...found, ...missing, ...unknown];
}
