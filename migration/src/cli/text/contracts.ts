import type { ContractsResult } from '../../steps/contracts/verify.ts';
import type { InteractionResult } from '../../steps/contracts/verifier.ts';

/** One interaction and what each provider made of it, in the order of `sides`. */
export interface MatrixRow {
  readonly consumer: string;
  readonly description: string;
  readonly results: readonly (InteractionResult | undefined)[];
}

/** Every provider was asked the same interactions in the same order. */
export function matrix({ sides }: ContractsResult): MatrixRow[] {
  const columns = Object.values(sides).map(({ interactions }) => interactions);
  return (columns[0] ?? []).map(({ consumer, description }, index) => ({
    consumer,
    description,
    results: columns.map((column) => column[index]),
  }));
}

const signs: Readonly<Record<InteractionResult['verdict'], string>> = {
  kept: 'kept',
  broken: 'BROKEN',
  unreachable: 'no answer',
  'state-not-entered': 'no state',
  pending: 'pending',
  message: 'message',
};

export const verdictOf = (result: InteractionResult | undefined): string =>
  result === undefined ? '-' : signs[result.verdict];

/** Providers that said the same stand beside each other: a difference is read once. */
function grouped(names: readonly string[], { results }: MatrixRow): string[] {
  const sayers = new Map<string, string[]>();
  for (const [index, each] of results.entries()) {
    const said = each?.mismatch || 'kept';
    sayers.set(said, [...(sayers.get(said) ?? []), names[index] ?? '']);
  }
  return [...sayers].map(([said, who]) => `  ${who.join(', ')}: ${said}`);
}

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
  const kept = names.filter((name) => result.sides[name]?.ok);
  const verdict =
    kept.length === names.length
      ? `${result.context}: the pacts hold on ${names.join(' and ')} (${rows.length} interactions each)`
      : `${result.context}: the pacts do not hold on ${names.filter((name) => !kept.includes(name)).join(' and ')}`;
  return [
    line('interaction', names),
    ...table,
    ...differing,
    '',
    verdict + (result.recorded ? '' : '; not recorded as evidence'),
  ].join('\n');
}
