import { bothSides } from '@strangler-toolkit/plan';
import type { FenceResult } from '../../steps/fence.ts';
import type { FenceRearmResult } from '../../steps/fence-rearm.ts';
import type { FenceSeenResult } from '../../steps/fence-seen.ts';
import { forgottenText } from './forgotten-routes.ts';
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

/** What the catalog of a side says of those who stepped round its fence. */
function openedText(result: FenceResult, side: 'monolith' | 'service'): string[] {
  const { openings, passesReplica } = result[side];
  return [
    ...(openings === null || openings.opened === 0
      ? []
      : [
          `fence on the ${side} opened ${openings.opened} times since ${openings.since}, the last time: ` +
            `${openings.noticed.join(', ')}. Writes in between left no trace: strangler fence rearm ${result.context}, then ` +
            `strangler verify ${result.context}`,
        ]),
    ...(passesReplica.length === 0
      ? []
      : [
          `sessions in replica role pass the fence of ${passesReplica.join(', ')} on the ${side}: ` +
            `strangler fence rearm ${result.context} ends that`,
        ]),
  ];
}

/** The fences of both sides, and who wrote past the facade in this epoch. */
export const fenceText = (result: FenceResult): string =>
  [
    `${result.context}, epoch ${result.epoch}: ${sideText(result, 'monolith')}, ${sideText(result, 'service')}`,
    ...bothSides.flatMap((side) => openedText(result, side)),
    ...refusedText(result),
    ...loggedText(result),
    ...(result.forgotten ? forgottenText(result.forgotten) : []),
  ].join('\n');

/** What somebody looked at, and from where the gate of retire counts. */
export const fenceSeenText = (result: FenceSeenResult): string =>
  [
    `${result.context}, epoch ${result.epoch}: ${result.monolith.refused} writes refused on the monolith and ` +
      `${result.service.refused} on the service count as seen from here on; the journal has them`,
    ...refusedText(result),
  ].join('\n');

/** What stands now, and what has to be compared before anything rests on it. */
export const fenceRearmText = ({
  context,
  side,
  tables,
  wereOpen,
  openings,
}: FenceRearmResult): string =>
  [
    `${context}: the fence of the ${side} was set anew on ${tables.join(', ')}`,
    ...(wereOpen.length === 0 ? [] : [`open until now: ${wereOpen.join(', ')}`]),
    ...(openings === null || openings.opened === 0
      ? []
      : [
          `opened ${openings.opened} times since ${openings.since}, the last time: ${openings.noticed.join(', ')}`,
          `next: strangler verify ${context}. What was verified before counts no more`,
        ]),
  ].join('\n');
