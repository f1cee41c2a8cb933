import { expect, test } from '@jest/globals';
import { mergeMetrics } from './merge-metrics.ts';

test('what several processes tell stands under one head, each sample with its process', () => {
  const text = (up: number): string =>
    `# HELP a_total Some\n# TYPE a_total counter\na_total{code="2 0"} ${up}\na_total{code="x"} 1\n\n` +
    `# HELP up Is it\n# TYPE up gauge\nup ${up}\n`;
  expect(
    mergeMetrics([
      { process: '1', text: text(1) },
      { process: '2', text: text(2) },
    ]),
  ).toBe(
    [
      '# HELP a_total Some',
      '# TYPE a_total counter',
      'a_total{process="1",code="2 0"} 1',
      'a_total{process="1",code="x"} 1',
      'a_total{process="2",code="2 0"} 2',
      'a_total{process="2",code="x"} 1',
      '# HELP up Is it',
      '# TYPE up gauge',
      'up{process="1"} 1',
      'up{process="2"} 2',
      '',
    ].join('\n'),
  );
});
