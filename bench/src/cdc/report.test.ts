import { describe, expect, test } from '@jest/globals';
import { pairOf } from './figures.ts';
import { lines, summary } from './report.ts';

const pair = (...ratios: number[]) =>
  pairOf(ratios.map((ratio) => ({ ours: ratio * 1000, other: 1000 })));
const memory = { events: 10_000_000, seconds: 300, start: 180, end: 190, max: 210 };

describe('the report of bench cdc', () => {
  test('a ratio is the median of the ratios within the rounds, and the aggregate the kind where we are worst', () => {
    const measured = {
      copy: pair(0.9, 1.4, 1),
      stream: { inserts: pair(1.5), updates: pair(0.7, 0.9), mixed: pair(2) },
      sink: { inserts: pair(3), updates: pair(4), mixed: pair(2.5) },
    };
    expect(summary(measured)).toMatchObject({
      copyVsNative: 1,
      streamVsNative: 0.8,
      applyVsJdbcSink: 2.5,
      worstKind: { streamVsNative: 'updates', applyVsJdbcSink: 'mixed' },
      rowsPerSecond: {
        copy: { ours: { median: 1000, spread: [900, 1400] }, ratio: { spread: [0.9, 1.4] } },
      },
    });
  });
  test('what was not measured is null, never a number', () => {
    expect(summary({})).toMatchObject({
      copyVsNative: null,
      streamVsNative: null,
      applyVsJdbcSink: null,
      latencyP99Ms: { kafka: null, embedded: null },
      workerRssMb: null,
    });
  });
  test('latency and memory are told with what they come from', () => {
    const latency = {
      embedded: { updatesPerSecond: 1000, updates: 20_000, p50Ms: 2.1, p99Ms: 9.9, maxMs: 20 },
    };
    expect(
      summary({
        latency,
        memory: { embedded: { events: memory, transaction: { ...memory, events: 1_000_000 } } },
      }),
    ).toMatchObject({
      latencyP99Ms: { kafka: null, embedded: 9.9 },
      workerRssMb: { start: 180, end: 190 },
    });
    expect(lines({ latency }).join()).toContain('p99 9.9 ms');
  });
});
