import { bothSides } from '@strangler-toolkit/plan';
import type { FenceResult } from '../../steps/fence.ts';
import type { FenceSeenResult } from '../../steps/fence-seen.ts';
import { table } from './table.ts';

function sideText(result: FenceResult, side: 'monolith' | 'service'): string {
  const { mode, refused, refusedEarlier, lastRefusedAt } = result[side];
  const told = [
    `${refused} writes refused in this epoch`,
    ...(lastRefusedAt === null ? [] : [`the last ${lastRefusedAt}`]),
    ...(refusedEarlier === '0' ? [] : [`${refusedEarlier} earlier`]),
  ];
  return `fence on the ${side} ${mode} (${told.join(', ')})`;
}

const refusedText = (result: FenceResult | FenceSeenResult): string[] => {
  const rows = bothSides.flatMap((side) =>
    result[side].refusedWriters.map((writer) => [
      writer.writes,
      writer.operation ?? 'not told',
      side,
      writer.table ?? 'another one',
      writer.user ?? 'another one',
    ]),
  );
  return rows.length === 0
    ? []
    : ['refused:', table([['writes', 'operation', 'side', 'table', 'user'], ...rows])];
};

function loggedText({ strayWriters, epoch }: FenceResult): string[] {
  const now = strayWriters.filter((writer) => writer.epoch === epoch);
  const earlier = strayWriters
    .filter((writer) => writer.epoch !== epoch)
    .reduce((sum, { writes }) => sum + Number(writes), 0);
  return [
    ...(now.length === 0
      ? []
      : [
          'logged:',
          table([
            ['writes', 'operation', 'table', 'application', 'user', 'query'],
            ...now.map((writer) => [
              writer.writes,
              writer.operation,
              writer.table,
              writer.application,
              writer.user,
              writer.query.slice(0, 100),
            ]),
          ]),
        ]),
    ...(earlier === 0
      ? []
      : [`${earlier} writes were logged in earlier epochs: --json tells them`]),
  ];
}

/** The fences of both sides, and who wrote past the facade in this epoch. */
export const fenceText = (result: FenceResult): string =>
  [
    `${result.context}, epoch ${result.epoch}: ${sideText(result, 'monolith')}, ${sideText(result, 'service')}`,
    ...refusedText(result),
    ...loggedText(result),
  ].join('\n');

/** What somebody looked at, and from where the gate of retire counts. */
export const fenceSeenText = (result: FenceSeenResult): string =>
  [
    `${result.context}, epoch ${result.epoch}: ${result.monolith.refused} writes refused on the monolith and ` +
      `${result.service.refused} on the service count as seen from here on; the journal has them`,
    ...refusedText(result),
  ].join('\n');
