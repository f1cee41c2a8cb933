import type { WrittenTogetherResult } from '../../steps/written-together.ts';
import { quoted } from '../../surroundings/written-together.ts';
import { age } from './units.ts';
import { table } from './table.ts';

/** What one transaction writes across the border of a context, the most frequent first. */
export function writtenTogetherText({
  context,
  side,
  watchedSeconds,
  pairs,
  tables,
}: WrittenTogetherResult): string {
  if (watchedSeconds === 0)
    return `The log of the ${side} was never watched: strangler written-together ${context} --side ${side} --for 1h`;
  const watched = `The log of the ${side} was watched for ${age(watchedSeconds)}`;
  if (tables.length === 0) return `${watched}; nobody wrote a table of ${context} meanwhile.`;
  if (pairs.length === 0)
    return `${watched}: ${tables.join(', ')} written, never together with a table outside of ${context}.`;
  const open = pairs.filter(({ reason }) => reason === null);
  return [
    `${watched}.`,
    table([
      ['table', 'written together with', 'how often', 'decided'],
      ...pairs.map(({ table: name, other, transactions, all, reason }) => [
        name,
        other,
        `${transactions} of ${all} transactions`,
        reason ?? 'no',
      ]),
    ]),
    ...(open.length === 0
      ? []
      : [
          `Decide in contexts/${context}: map the table as well, or ` +
            `writtenTogether.${side}[${quoted(open[0]?.other ?? '')}]: { reason: '…' }`,
        ]),
  ].join('\n');
}
