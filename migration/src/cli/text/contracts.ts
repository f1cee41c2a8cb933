import type { ContractsResult } from '../../steps/contracts/verify.ts';
import { isExcused } from '../../steps/contracts/required.ts';
import type { InteractionResult } from '../../steps/contracts/verifier.ts';
import { resultsText } from './broker.ts';

/** One interaction and what each provider made of it, in the order of `sides`. */
export interface MatrixRow {
  readonly consumer: string;
  readonly description: string;
  readonly results: readonly (InteractionResult | undefined)[];
}

/** One row per interaction, in the order in which they were asked; a provider that was not asked (for a message of others) has none. */
export function matrix({ sides }: ContractsResult): MatrixRow[] {
  const columns = Object.values(sides).map(({ interactions }) => interactions);
  const rows = new Map<string, (InteractionResult | undefined)[]>();
  for (const [column, interactions] of columns.entries()) {
    const met = new Map<string, number>();
    for (const interaction of interactions) {
      const name = JSON.stringify([interaction.consumer, interaction.description]);
      // The same words may stand twice, with other states.
      const nth = met.get(name) ?? 0;
      met.set(name, nth + 1);
      const row = rows.get(`${nth} ${name}`) ?? columns.map(() => undefined);
      row[column] = interaction;
      rows.set(`${nth} ${name}`, row);
    }
  }
  return [...rows.values()].map((results) => {
    const { consumer, description } = results.find((each) => each !== undefined) ?? unnamed;
    return { consumer, description, results };
  });
}

const unnamed = { consumer: '', description: '' };

const signs: Readonly<Record<InteractionResult['verdict'], string>> = {
  kept: 'kept',
  broken: 'BROKEN',
  unreachable: 'no answer',
  'state-not-entered': 'no state',
  pending: 'pending',
  message: 'message',
};

export const verdictOf = (result: InteractionResult | undefined): string =>
  result === undefined
    ? '-'
    : isExcused(result)
      ? (result.notRequired ?? '')
      : signs[result.verdict];

/** Providers that said the same stand beside each other: a difference is read once. */
function grouped(names: readonly string[], { results }: MatrixRow): string[] {
  const sayers = new Map<string, string[]>();
  for (const [index, each] of results.entries()) {
    if (each === undefined) continue;
    const said = each.mismatch || 'kept';
    sayers.set(said, [...(sayers.get(said) ?? []), names[index] ?? '']);
  }
  return [...sayers].map(([said, who]) => `  ${who.join(', ')}: ${said}`);
}

const unrecorded = ({ noEvidence }: ContractsResult): string =>
  `not recorded as evidence${noEvidence === undefined ? '' : `: ${noEvidence}`}`;

/** interaction × provider, then what differed, the providers' answers below each other. */
export function contractsText(result: ContractsResult): string {
  const names = Object.keys(result.sides);
  const rows = matrix(result);
  const width = Math.max(...rows.map(({ description }) => description.length), 11);
  const columns = names.map((name) => Math.max(name.length, 9));
  const line = (first: string, cells: readonly string[]): string =>
    [first.padEnd(width), ...cells.map((cell, index) => cell.padEnd(columns[index] ?? cell.length))]
      .join('  ')
      .trimEnd();
  const table = rows.map(({ description, results }) => line(description, results.map(verdictOf)));
  const differing = rows
    .filter(({ results }) => results.some((each) => each?.ok === false))
    .flatMap((row) => ['', `${row.description}:`, ...grouped(names, row)]);
  const counts = new Set(
    Object.values(result.sides).map(({ interactions }) => interactions.length),
  );
  const each = counts.size === 1 ? ' each' : '';
  const kept = names.filter((name) => result.sides[name]?.ok);
  const excused = rows.filter(({ results }) => results.some((each) => each && isExcused(each)));
  const required = rows.length - excused.length;
  const aside = excused.length === 0 ? '' : `, ${excused.length} more not required yet`;
  const verdict =
    kept.length === names.length
      ? required === 0
        ? `${result.context}: no pact is required yet`
        : `${result.context}: the pacts hold on ${names.join(' and ')} (${required} interactions${each}${aside})`
      : `${result.context}: the pacts do not hold on ${names.filter((name) => !kept.includes(name)).join(' and ')}`;
  return [
    line('interaction', names),
    ...table,
    ...differing,
    '',
    verdict + (result.recorded ? '' : `; ${unrecorded(result)}`),
    ...resultsText(result),
  ].join('\n');
}
