import { describe, expect, jest, test } from '@jest/globals';
import { ShadowQueue } from './shadow-queue.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

interface Wanted {
  readonly maxJobs?: number;
  readonly maxBytes?: number;
  readonly concurrency?: number;
  readonly gapMs?: number;
}

function scene({ gapMs = 0, ...limits }: Wanted = {}) {
  const crashes: unknown[] = [];
  const queue = new ShadowQueue(
    { maxJobs: 3, maxBytes: 100, concurrency: 1, ...limits },
    (error) => crashes.push(error),
    () => gapMs,
  );
  const ran: string[] = [];
  const ends: (() => void)[] = [];
  /** Runs until it is told to end. */
  const offer = (name: string, bytes = 1): boolean =>
    queue.offer(bytes, () => {
      ran.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await turn();
  };
  return { queue, crashes, ran, offer, end };
}

describe('work that nobody waits for', () => {
  test('never runs in the turn in which it was offered, and in the order of offers', async () => {
    const { queue, ran, offer, end } = scene();
    expect([offer('a'), offer('b')]).toEqual([true, true]);
    await Promise.resolve();
    expect([ran, queue.waiting]).toEqual([[], 2]);
    await turn();
    expect([ran, queue.waiting]).toEqual([['a'], 1]);
    await end();
    expect([ran, queue.waiting]).toEqual([['a', 'b'], 0]);
  });

  test('is so many at a time', async () => {
    const { ran, offer, end } = scene({ concurrency: 2 });
    for (const name of ['a', 'b', 'c']) offer(name);
    await turn();
    expect(ran).toEqual(['a', 'b']);
    await end();
    expect(ran).toEqual(['a', 'b', 'c']);
  });

  test('waits in bounded number', () => {
    const { queue, offer } = scene({ maxJobs: 2 });
    expect([offer('a'), offer('b'), offer('c')]).toEqual([true, true, false]);
    expect([queue.waiting, queue.fits(0)]).toEqual([2, false]);
  });

  test('takes bounded memory, what runs included, and gives it back', async () => {
    const { queue, offer, end } = scene({ maxJobs: 10 });
    expect([offer('a', 60), offer('b', 40), offer('c', 1)]).toEqual([true, true, false]);
    expect([queue.fits(0), queue.fits(1)]).toEqual([true, false]);
    await turn();
    expect(queue.fits(1)).toBe(false);
    await end();
    expect([queue.fits(60), queue.fits(61)]).toEqual([true, false]);
    await end();
    expect([queue.fits(100), queue.fits(101)]).toEqual([true, false]);
  });

  test('that crashes is counted, gives its memory back and keeps nothing from running', async () => {
    const { queue, crashes, ran, offer } = scene();
    const bad = new Error('bad');
    queue.offer(100, () => Promise.reject(bad));
    await turn();
    await turn();
    expect([crashes, queue.fits(100)]).toEqual([[bad], true]);
    offer('after');
    await turn();
    expect(ran).toEqual(['after']);
  });
});

describe('work that keeps its distance', () => {
  test('begins when the distance is over, whatever has ended before', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    try {
      const { ran, offer, end } = scene({ concurrency: 2, gapMs: 10 });
      for (const name of ['a', 'b', 'c']) offer(name);
      await turn();
      await end();
      jest.advanceTimersByTime(9);
      expect(ran).toEqual(['a']);
      jest.advanceTimersByTime(1);
      expect(ran).toEqual(['a', 'b']);
      jest.advanceTimersByTime(10);
      expect(ran).toEqual(['a', 'b', 'c']);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('closing', () => {
  test('drops what waits, takes nothing more, and ends with what runs', async () => {
    const { queue, ran, offer, end } = scene();
    for (const name of ['a', 'b']) offer(name);
    await turn();
    let closed = false;
    const closing = queue.close().then(() => (closed = true));
    await turn();
    expect([closed, queue.waiting, queue.fits(0), offer('c')]).toEqual([false, 0, false, false]);
    await end();
    await closing;
    expect(ran).toEqual(['a']);
  });

  test('waits for all that runs, and for nothing when nothing does', async () => {
    await scene().queue.close();
    const { queue, offer, end } = scene({ concurrency: 2 });
    for (const name of ['a', 'b']) offer(name);
    await turn();
    let closed = 0;
    void queue.close().then(() => closed++);
    void queue.close().then(() => closed++);
    await end();
    expect(closed).toBe(0);
    await end();
    await turn();
    expect(closed).toBe(2);
  });
});
