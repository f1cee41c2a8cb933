import type { Pair } from './figures.ts';
import type { Latency } from './latency.ts';
import type { MemoryRun } from './memory.ts';
import type { Kind } from './workload.ts';

export interface MemoryRuns {
  readonly events: MemoryRun;
  readonly transaction: MemoryRun;
}

/** What was measured; a part that was not asked for is absent. */
export interface Measured {
  copy?: Pair;
  stream?: Record<Kind, Pair>;
  sink?: Record<Kind, Pair>;
  latency?: { kafka?: Latency; embedded?: Latency };
  memory?: { kafka?: MemoryRuns; embedded?: MemoryRuns };
}

const thousand = (value: number): string => Math.round(value).toLocaleString('en-GB');
const worst = (pairs: Record<Kind, Pair> | undefined): { kind: Kind; ratio: number } | null => {
  const [lowest] = Object.entries(pairs ?? {})
    .map(([kind, pair]) => ({ kind: kind as Kind, ratio: pair.ratio.median }))
    .sort((a, b) => a.ratio - b.ratio);
  return lowest ?? null;
};

/** One object: first the figures that have targets, then what they come from. */
export function summary(measured: Measured): Record<string, unknown> {
  const [stream, sink] = [worst(measured.stream), worst(measured.sink)];
  const events = measured.memory?.embedded?.events;
  return {
    applyVsJdbcSink: sink?.ratio ?? null,
    streamVsNative: stream?.ratio ?? null,
    copyVsNative: measured.copy?.ratio.median ?? null,
    latencyP99Ms: {
      kafka: measured.latency?.kafka?.p99Ms ?? null,
      embedded: measured.latency?.embedded?.p99Ms ?? null,
    },
    workerRssMb: events ? { start: events.start, end: events.end } : null,
    /** Which kind of change the two aggregates are of: the one where we are worst. */
    worstKind: { applyVsJdbcSink: sink?.kind ?? null, streamVsNative: stream?.kind ?? null },
    rowsPerSecond: {
      copy: measured.copy ?? null,
      stream: measured.stream ?? null,
      kafka: measured.sink ?? null,
    },
    latency: measured.latency ?? null,
    workerRss: measured.memory ?? null,
  };
}

export function lines(measured: Measured): string[] {
  const text: string[] = [];
  const pair = (label: string, { ours, other, ratio }: Pair, name: string): void => {
    text.push(
      `  ${label.padEnd(22)} ${ratio.median.toFixed(2)}× ` +
        `(${ratio.spread.map((value) => value.toFixed(2)).join(' to ')})   ours ` +
        `${thousand(ours.median)}, ${name} ${thousand(other.median)} rows/s`,
    );
  };
  if (measured.copy) pair('initial copy', measured.copy, 'native');
  for (const [kind, each] of Object.entries(measured.stream ?? {}))
    pair(`stream, ${kind}`, each, 'native');
  for (const [kind, each] of Object.entries(measured.sink ?? {}))
    pair(`from Kafka, ${kind}`, each, 'JDBC sink');
  for (const [transport, each] of Object.entries(measured.latency ?? {}))
    text.push(
      `  latency, ${transport.padEnd(13)} p50 ${each.p50Ms} ms, p99 ${each.p99Ms} ms, longest ` +
        `${each.maxMs} ms at ${thousand(each.updatesPerSecond)} updates/s`,
    );
  for (const [transport, { events, transaction }] of Object.entries(measured.memory ?? {})) {
    text.push(
      `  memory, ${transport.padEnd(14)} ${events.start} MB, after ${thousand(events.events)} ` +
        `events ${events.end} MB (most ${events.max}); one transaction of ` +
        `${thousand(transaction.events)} rows: ${transaction.start} to ${transaction.end} MB (most ` +
        `${transaction.max})`,
    );
  }
  return text;
}
