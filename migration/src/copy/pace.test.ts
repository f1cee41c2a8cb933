import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, Pace, parseRate, type Rate, requirePaceable } from './pace.ts';

test.each<[string, Rate]>([
  ['20000rows', { unit: 'rows', perSecond: 20_000 }],
  ['5MB', { unit: 'bytes', perSecond: 5e6 }],
  ['1.5 gb', { unit: 'bytes', perSecond: 1.5e9 }],
  ['300kB', { unit: 'bytes', perSecond: 300_000 }],
])('%s is a rate', (text, rate) => expect(parseRate(text)).toEqual(rate));

test.each(['', '5', '0MB', '-1MB', 'MB', '5MB/s', '5 Mrows'])('%j is none', (text) =>
  expect(() => parseRate(text)).toThrow(expect.objectContaining({ code: 'USAGE' })),
);

/** A clock that goes on only when somebody waits. */
const waitedFor = (): Clock & { readonly waited: () => number } => {
  let now = 0;
  return {
    now: () => now,
    wait: async (milliseconds) => void (now += milliseconds),
    waited: () => now,
  };
};
const never = new AbortController().signal;

test('no more is read than the rate allows, but for one second’s worth and the range that is being read', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 10_000 }),
      fc.array(fc.nat(20_000), { maxLength: 50 }),
      async (perSecond, ranges) => {
        const clock = waitedFor();
        const pace = new Pace({ unit: 'rows', perSecond }, clock);
        let read = 0;
        for (const rows of ranges) {
          await pace.turn(never);
          expect(read).toBeLessThanOrEqual(perSecond * (1 + clock.waited() / 1000) + 1e-6);
          pace.spent(rows, 0);
          read += rows;
        }
        // Nor does it wait for longer than what was read takes.
        expect(clock.waited()).toBeLessThanOrEqual((read / perSecond) * 1000 + ranges.length);
      },
    ),
  );
});

test('bytes are counted where the rate is one of bytes, and time without work saves up one second at most', async () => {
  const clock = waitedFor();
  const pace = new Pace({ unit: 'bytes', perSecond: 100 }, clock);
  await clock.wait(60_000, never);
  await pace.turn(never);
  pace.spent(1_000_000, 300);
  await pace.turn(never);
  // 200 owed, and one more byte for the next range to begin with
  expect(clock.waited()).toBe(62_001);
});

test('debts of months are waited for, piece by piece, because no timer lasts that long', async () => {
  const clock = waitedFor();
  const waits: number[] = [];
  const wait = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    await clock.wait(milliseconds, never);
  };
  const pace = new Pace({ unit: 'rows', perSecond: 0.001 }, { ...clock, wait });
  pace.spent(5000, 0);
  await pace.turn(never);
  expect(Math.max(...waits)).toBe(2 ** 31 - 1);
  expect(clock.waited()).toBeGreaterThanOrEqual(5_000_000_000 - 1000);
});

test('a copy that is cancelled does not wait', async () => {
  const pace = new Pace({ unit: 'rows', perSecond: 1 }, waitedFor());
  pace.spent(1e9, 0);
  await expect(pace.turn(AbortSignal.abort())).resolves.toBeUndefined();
});

test('a server that reads the whole table for each range is not paced, and the remedy says what to do', () => {
  expect(() => requirePaceable(140_000)).not.toThrow();
  expect(() => requirePaceable(139_999)).toThrow(
    expect.objectContaining({
      code: 'DB_VERSION',
      message: expect.stringContaining('PostgreSQL 13'),
      remedy: expect.stringContaining('Leave --max-rate out'),
    }),
  );
});
