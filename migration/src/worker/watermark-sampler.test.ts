import { expect, test } from '@jest/globals';
import { lsnFromText, lsnToText } from '../database/lsn.ts';
import { type SamplerOptions, type StreamSample, WatermarkSampler } from './watermark-sampler.ts';

const pages = 1n << 20n;

/**
 * A source where a write is acknowledged between any two questions: each is one tick later by the control database's clock, and
 * one byte further in the log. Then no time may be promised that lies behind the position it was promised with.
 */
function busyWorld(options: Partial<SamplerOptions> & { appliedAtOnce: boolean }) {
  let tick = 100n;
  let position = 0n;
  const told: { state: string; appliedLsn: string; appliedAt: string | null }[] = [];
  const samples: StreamSample[] = [];
  const ending = new AbortController();
  const query = async (text: string) => {
    if (!text.includes('pg_current_wal_insert_lsn')) return { rows: [] };
    tick += 1n;
    if (options.appliedAtOnce) position = pages + tick;
    return { rows: [{ lsn: lsnToText(pages + tick), block: '8192' }] };
  };
  const control = {
    now: async () => String((tick += 1n)),
    evidence: { latest: async () => undefined },
    watermarks: { upsert: async (row: (typeof told)[number]) => void told.push(row) },
  };
  const sampler = new WatermarkSampler({
    control,
    source: { client: { query }, context: 'shop', direction: 'forward' },
    transport: { kind: 'embedded', nudge: async () => undefined },
    stream: { probe: () => undefined },
    epoch: 1,
    workerId: 'w',
    marks: { renew: async () => undefined },
    progress: () => ({ position, rows: 0n, deadLetters: 0 }),
    held: () => undefined,
    slot: 's',
    lagBefore: 0,
    failure: undefined,
    planProblem: undefined,
    onSample: (sample: StreamSample) => {
      samples.push(sample);
      if (samples.length === 3) ending.abort();
    },
    ...options,
  } as unknown as SamplerOptions);
  return { told, samples, run: () => sampler.run(ending.signal) };
}

test('no time is promised behind its position: a write of before it would be missing where a reader looks for it', async () => {
  const { told, run } = busyWorld({ appliedAtOnce: true });
  await run();
  expect(told.map(({ state }) => state)).toEqual(['caught-up', 'caught-up', 'caught-up']);
  for (const { appliedAt, appliedLsn } of told)
    expect(BigInt(appliedAt ?? -1)).toBeLessThanOrEqual(lsnFromText(appliedLsn) - pages);
});

test('who has applied nothing yet that was measured is not caught up, however soon after its start', async () => {
  const { told, samples, run } = busyWorld({ appliedAtOnce: false });
  await run();
  expect(told).toMatchObject(
    Array.from({ length: 3 }, () => ({ state: 'streaming', appliedAt: null })),
  );
  expect(samples.map(({ caughtUp }) => caughtUp)).toEqual([false, false, false]);
});

test.each([
  ['why rows may differ', { held: () => 'a table is read again' }],
  [
    'a file that has more tables',
    { planProblem: () => ({ code: 'SCHEMA_CHANGED', message: 'one more' }) },
  ],
])('the watermark stands still while there is %s', async (_why, options) => {
  const { told, samples, run } = busyWorld({ appliedAtOnce: true, ...options });
  await run();
  expect(told.map(({ appliedAt }) => appliedAt)).toEqual([null, null, null]);
  expect(samples.some(({ caughtUp }) => caughtUp)).toBe(false);
});
