import { expect, test } from '@jest/globals';
import { type AskedWrite, readsApart, windowsOf, WriteWindows } from './write-windows.ts';

const trace = (end: string): string => `${'0'.repeat(16)}${end.padStart(16, '0')}`;
const asked = (started: number, ended: number, more: Partial<AskedWrite> = {}): AskedWrite => ({
  method: 'POST',
  path: '/a',
  context: '',
  route: '',
  started,
  ended,
  traceId: trace(String(started)),
  ...more,
});
const shape = (writes: readonly AskedWrite[]) =>
  windowsOf(writes).map(({ path, started, ended, requests }) => [path, started, ended, requests]);

test('writes of one path that overlap or follow closely are one window; others are windows of their own', () => {
  expect(
    shape([
      asked(1_000, 1_050),
      asked(900, 1_200, { path: '/b' }),
      asked(1_020, 1_030),
      asked(1_060, 1_061),
      asked(1_072, 1_080),
    ]),
  ).toEqual([
    ['/b', 900, 1_200, 1],
    ['/a', 1_000, 1_061, 3],
    ['/a', 1_072, 1_080, 1],
  ]);
  expect(
    shape([
      asked(1, 2),
      asked(1, 2, { method: 'PUT' }),
      asked(1, 2, { context: 'c' }),
      asked(1, 2, { context: 'c', route: 'r' }),
    ]),
  ).toHaveLength(4);
});

test('each window has the random halves of its traces, of a hundred requests at most', () => {
  const windows = windowsOf(Array.from({ length: 150 }, (_, n) => asked(n, n + 5)));
  expect(windows.map(({ requests, traces }) => [requests, traces.length])).toEqual([
    [100, 100],
    [50, 50],
  ]);
  expect(windows[1]?.traces[0]).toBe('100'.padStart(16, '0'));
  expect([windows[0]?.ended, windows[1]?.started]).toEqual([104, 100]);
});

test('what could not be sent is sent again, oldest first, and the oldest of too many are dropped and counted', async () => {
  const dropped: number[] = [];
  const book = new WriteWindows((count) => dropped.push(count));
  const fail = (): Promise<void> => Promise.reject(new Error('down'));
  book.add(asked(1, 2));
  await expect(book.flush(fail)).rejects.toThrow('down');
  book.add(asked(100, 101));
  const sent: number[] = [];
  const send = async (windows: readonly { started: number }[]): Promise<void> =>
    void sent.push(...windows.map(({ started }) => started));
  await book.flush(send);
  expect([sent, book.size, dropped]).toEqual([[1, 100], 0, []]);
  for (let n = 0; n < 5_999; n++) book.add(asked(n * 100, n * 100 + 1));
  await expect(book.flush(fail)).rejects.toThrow('down');
  expect([book.size, dropped.reduce((sum, count) => sum + count, 0)]).toEqual([5_000, 999]);
  sent.length = 0;
  await book.flush(send);
  expect([sent[0], sent.at(-1)]).toEqual([99_900, 599_800]);
  await book.flush(fail);
});

test('reads of a path are one window while none of their pauses is longer than a second', () => {
  const reads = [asked(1_000, 1_050), asked(2_050, 2_060), asked(3_061, 3_070)];
  expect(windowsOf(reads, readsApart).map(({ started, ended }) => [started, ended])).toEqual([
    [1_000, 2_060],
    [3_061, 3_070],
  ]);
});
