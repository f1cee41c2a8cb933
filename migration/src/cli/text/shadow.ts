import type { ShadowResult } from '../../steps/shadow.ts';
import { table } from './table.ts';

/** Counts of each read route, and samples of what differed. */
export const shadowText = (result: ShadowResult): string =>
  [
    `${result.context}: stage ${result.stage}`,
    table([
      [
        'route',
        'compared',
        'real',
        'match',
        'mismatch',
        'stale',
        'error',
        'timeout',
        'uncomparable',
        'dropped',
      ],
      ...result.routes.map(({ route, compared, real, counts }) =>
        [
          route,
          compared,
          real,
          counts.match,
          counts.mismatch,
          counts.stale,
          counts['candidate-error'],
          counts['candidate-timeout'],
          counts.uncomparable,
          counts.dropped,
        ].map(String),
      ),
    ]),
    ...result.samples.map(
      (sample) =>
        `${sample.at}  ${sample.route}  ${sample.outcome}  ${JSON.stringify(sample.detail).slice(0, 400)}`,
    ),
  ].join('\n');
