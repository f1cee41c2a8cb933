import { type MigrationDefinition, otherSide } from '@strangler-toolkit/plan';
import type { TableCatalog } from '../database/catalog.ts';
import { parseTableName, quoteTable } from '../database/identifiers.ts';
import { bothGiveOut } from '../surroundings/id-questions.ts';
import { loadMapping } from '../mapping/load.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import { type Detail, from, type MoveState, type MoveStep, timeLeft, to } from './move-state.ts';
import { guarded } from '../replica/move-guards.ts';
import { moveSequences, type SequencePair } from './sequences.ts';

/** What the context file says comes first: it knows what the application draws from. */
const sequenceOf = (
  table: TableCatalog,
  column: string,
  decided: string | undefined,
): string | null =>
  decided === undefined
    ? (table.columns.find((candidate) => candidate.name === column)?.sequence ?? null)
    : quoteTable(parseTableName(decided));

/** Every mapped column that draws from a sequence on either side, and the pairs that the context file names. */
export function sequencePairs(
  mapping: CompiledMapping,
  definition: MigrationDefinition,
  target: 'monolith' | 'service',
): SequencePair[] {
  const pairs: { monolith: SequencePair['from']; service: SequencePair['from'] }[] = [];
  for (const table of mapping.tables) {
    for (const part of table.parts) {
      for (const link of part.columns) {
        const decided = table.ids[link.from];
        // the two sides keep to numbers of their own
        if (decided?.reason !== undefined && bothGiveOut(table)) continue;
        const monolith = {
          sequence: sequenceOf(table.monolith, link.from, decided?.monolith),
          table: quoteTable(table.monolith),
          column: link.from,
        };
        const service = {
          sequence: sequenceOf(part.service, link.to, decided?.service),
          table: quoteTable(part.service),
          column: link.to,
        };
        if (monolith.sequence !== null || service.sequence !== null)
          pairs.push({ monolith, service });
      }
    }
  }
  // A context file names them as people write them; PostgreSQL would fold what is not quoted.
  const free = (name: string): SequencePair['from'] => ({
    sequence: quoteTable(parseTableName(name)),
    table: null,
    column: null,
  });
  for (const named of definition.sequences ?? []) {
    pairs.push({ monolith: free(named.monolith), service: free(named.service) });
  }
  return pairs.map((pair) => ({ from: pair[otherSide(target)], to: pair[target] }));
}

export async function mappingOf(move: MoveState): Promise<CompiledMapping> {
  move.mapping ??= await loadMapping(
    move.definition,
    await move.sides.client('monolith'),
    await move.sides.client('service'),
  );
  return move.mapping;
}

export const sequences: MoveStep = {
  name: 'sequences',
  phase: 'before',
  async execute(move): Promise<Detail> {
    const mapping = await mappingOf(move);
    const [source, target] = [await from(move), await to(move)];
    const pairs = sequencePairs(mapping, move.definition, move.plan.to);
    // Sequences ignore transactions; the claim only keeps an overtaken process away. An abandoned move leaves a gap, no harm.
    return guarded(target, move.guard, async () => {
      await target.query(
        `SET LOCAL statement_timeout = ${Math.max(1, Math.round(timeLeft(move, 10_000)))}`,
      );
      return { sequences: await moveSequences(source, target, pairs, move.settings.sequenceGap) };
    });
  },
  dryRun: async (move) => ({
    sequences: sequencePairs(await mappingOf(move), move.definition, move.plan.to)
      .map((pair) => pair.to.sequence)
      .filter((name) => name !== null),
  }),
};
