import { describe, expect, test } from '@jest/globals';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { Outlet } from './outlet.ts';

const span = (traceFlags = 1): ReadableSpan =>
  ({ spanContext: () => ({ traceFlags }) }) as unknown as ReadableSpan;

function outlet(limit: number) {
  const told: [string, number][] = [];
  const problems: (string | undefined)[] = [];
  const kept: ReadableSpan[] = [];
  let answer: Error | undefined;
  const one = new Outlet({
    limit,
    onSpans: (outcome, count) => void told.push([outcome, count]),
    onProblem: (problem) => void problems.push(problem),
  });
  const nothing = async (): Promise<void> => {};
  const processor = one.processor({
    onStart: () => {},
    onEnd: (ended) => void kept.push(ended),
    forceFlush: nothing,
    shutdown: nothing,
  });
  const inner: SpanExporter = {
    export: (_spans, done) => done(answer ? { code: 1, error: answer } : { code: 0 }),
    shutdown: nothing,
  };
  const exporter = one.exporter(inner);
  return {
    told,
    problems,
    kept,
    end: (flags?: number) => processor.onEnd(span(flags)),
    send: (error?: Error) => {
      answer = error;
      exporter.export(kept.splice(0), () => {});
    },
  };
}

describe('spans on their way out', () => {
  test('for which there is no room are dropped and counted; what was sent makes room', () => {
    const { told, kept, end, send } = outlet(2);
    for (let index = 0; index < 3; index++) end();
    expect(kept).toHaveLength(2);
    send();
    end();
    expect(kept).toHaveLength(1);
    expect(told).toEqual([
      ['dropped', 1],
      ['sent', 2],
    ]);
  });
  test('that nobody is told of take none', () => {
    const { told, kept, end } = outlet(1);
    end(0);
    end(1);
    expect(kept).toHaveLength(1);
    expect(told).toEqual([]);
  });
  test('that are not taken make room as well; it is said when it begins and when it ends', () => {
    const { told, problems, end, send } = outlet(1);
    for (const error of [undefined, new Error('gone'), new Error('gone'), undefined, undefined]) {
      end();
      send(error);
    }
    expect(problems).toEqual(['gone', undefined]);
    expect(told).toEqual([
      ['sent', 1],
      ['failed', 1],
      ['failed', 1],
      ['sent', 1],
      ['sent', 1],
    ]);
  });
});
