import type { MigrationDefinition, Side } from '@strangler-toolkit/plan';
import type { WrittenTogether } from '../control/index.ts';
import { writtenTable, parseTableName, type TableName } from '../database/identifiers.ts';
import { namedTables } from '../mapping/load.ts';
import type { Surrounding } from './surrounding.ts';

export type CommonWrite = WrittenTogether & { readonly other: string };

/** Tables that a context maps on one side, as people read them. */
export const mappedNames = (definition: MigrationDefinition, side: Side): ReadonlySet<string> =>
  new Set(namedTables(definition)[side].map(({ name }) => writtenTable(parseTableName(name))));

/** Counts the tables of one transaction after the other. */
export class TogetherCounter {
  readonly #mapped: ReadonlySet<string>;
  readonly #counts = new Map<string, WrittenTogether>();
  transactions = 0;

  constructor(mapped: ReadonlySet<string>) {
    this.#mapped = mapped;
  }

  add(written: readonly TableName[]): void {
    this.transactions += 1;
    // the toolkit's own tables are written beside the mapped ones by nobody's application
    const names = new Set(
      written.filter(({ schema }) => !/^(?:strangler|pg_)/.test(schema)).map(writtenTable),
    );
    const others = [...names].filter((name) => !this.#mapped.has(name));
    for (const table of names) {
      if (!this.#mapped.has(table)) continue;
      for (const other of [null, ...others]) {
        const key = JSON.stringify([table, other]);
        const before = this.#counts.get(key)?.transactions ?? 0;
        this.#counts.set(key, { table, other, transactions: before + 1 });
      }
    }
  }

  counts(): WrittenTogether[] {
    return [...this.#counts.values()];
  }
}

/** Pairs across the border, the most frequent first. What was mapped since, or is mapped no longer, is left out. */
export function acrossBorder(
  seen: readonly WrittenTogether[],
  mapped: ReadonlySet<string>,
): CommonWrite[] {
  return seen
    .filter((one): one is CommonWrite => one.other !== null)
    .filter(({ table, other }) => mapped.has(table) && !mapped.has(other))
    .sort((one, two) => two.transactions - one.transactions || (one.other < two.other ? -1 : 1));
}

/** All transactions that wrote a mapped table. */
export const transactionsOf = (name: string, seen: readonly WrittenTogether[]): number =>
  seen.find(({ table, other }) => table === name && other === null)?.transactions ?? 0;

/** `12 of 40 transactions that wrote vouchers wrote orders as well`. */
export const frequency = (pair: CommonWrite, seen: readonly WrittenTogether[]): string =>
  `${pair.transactions} of ${transactionsOf(pair.table, seen)} transactions that wrote ` +
  `${pair.table} wrote ${pair.other} as well`;

/** As a key in a context file. */
export const quoted = (name: string): string =>
  `'${name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Why, by table, as the context file says. */
export const decidedReasons = (
  definition: MigrationDefinition,
  side: Side,
): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(definition.writtenTogether?.[side] ?? {}).map(([name, { reason }]) => [
      writtenTable(parseTableName(name)),
      reason,
    ]),
  );

/** One question for each table outside of the context that is written together with mapped ones. */
export function togetherSurroundings(
  seen: readonly WrittenTogether[],
  definition: MigrationDefinition,
  side: Side,
): Surrounding[] {
  const pairs = acrossBorder(seen, mappedNames(definition, side));
  const decided = decidedReasons(definition, side);
  return [...new Set(pairs.map(({ other }) => other))].map((other): Surrounding => {
    const about = `written together: ${other}`;
    const told = pairs
      .filter((pair) => pair.other === other)
      .map((pair) => frequency(pair, seen))
      .join('; ');
    const reason = decided.get(other);
    if (reason !== undefined)
      return { kind: 'written together', about, decision: `${reason} (${side}: ${told})` };
    return {
      kind: 'written together',
      about,
      decision: null,
      problem:
        `${told} on the ${side}: one transaction today, two in two databases once the owner ` +
        'changes; one of them can fail alone',
      remedy:
        `contexts/${definition.context}: map ${other} as well, or ` +
        `writtenTogether.${side}[${quoted(other)}]: { reason: 'why two transactions are enough' }`,
    };
  });
}
