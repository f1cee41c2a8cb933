import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Breaker, NoVerdict, upstreamBreaker, UpstreamFailure } from './breaker.ts';

let states: Breaker['state'][];
let breaker: Breaker;
beforeEach(() => {
  jest.useFakeTimers();
  states = [];
  breaker = upstreamBreaker((state) => states.push(state));
});
afterEach(() => {
  jest.useRealTimers();
});

const failing = (error: Error = new UpstreamFailure('unreachable', 'gone')) =>
  breaker.execute(() => Promise.reject(error)).catch((thrown: unknown) => thrown);
const fail = async (times: number): Promise<void> => {
  for (let round = 0; round < times; round++) await failing();
};
const answers = () => breaker.execute(() => Promise.resolve('answer'));

describe('the breaker of an upstream', () => {
  test('lets everything pass while answers come, and tells what went wrong', async () => {
    expect(await answers()).toBe('answer');
    expect(await failing()).toMatchObject({ kind: 'unreachable', message: 'gone' });
    expect([breaker.state, breaker.willing, states]).toEqual(['closed', true, []]);
  });

  test('opens at the fifth failure in a row, and then asks nobody', async () => {
    await fail(4);
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect([breaker.state, breaker.willing, states]).toEqual(['open', true, ['open']]);
    let ran = false;
    expect(await breaker.execute(() => Promise.resolve((ran = true)))).toBeUndefined();
    expect(ran).toBe(false);
  });

  test('an answer in between begins the count anew', async () => {
    await fail(4);
    await answers();
    await fail(4);
    expect(breaker.state).toBe('closed');
  });

  test('what is no failure of the upstream does not count', async () => {
    for (let round = 0; round < 8; round++)
      expect(await failing(new Error('a defect'))).toMatchObject({ message: 'a defect' });
    expect(breaker.state).toBe('closed');
  });

  test('a client that left is no answer: the row of failures goes on', async () => {
    await fail(4);
    expect(await failing(new NoVerdict('left'))).toMatchObject({ name: 'NoVerdict' });
    expect(breaker.state).toBe('closed');
    await fail(1);
    expect(breaker.state).toBe('open');
  });

  test('nor does it close one that is tried again, or make it wait longer than before', async () => {
    await fail(5);
    for (let round = 0; round < 12; round++) {
      // so long is the first wait at most
      jest.advanceTimersByTime(1_000);
      expect(await failing(new NoVerdict('left'))).toMatchObject({ name: 'NoVerdict' });
      expect(breaker.state).toBe('open');
    }
    expect(await answers()).toBeUndefined();
    jest.advanceTimersByTime(1_000);
    expect(await answers()).toBe('answer');
    expect(breaker.state).toBe('closed');
  });

  test('what cannot be read says nothing about the next request, what refuses or is late does', async () => {
    for (let round = 0; round < 8; round++)
      expect(await failing(new UpstreamFailure('unreadable', 'no HTTP'))).toMatchObject({
        kind: 'unreadable',
      });
    expect(breaker.state).toBe('closed');
    for (const kind of ['timeout', 'refusing', 'unreachable', 'timeout', 'refusing'] as const)
      await failing(new UpstreamFailure(kind, 'gone'));
    expect(breaker.state).toBe('open');
  });

  test('one that was not even asked neither fails nor lives', async () => {
    await fail(4);
    for (const kind of ['queue-full', 'queue-timeout'] as const)
      await failing(new UpstreamFailure(kind, 'busy'));
    expect(breaker.state).toBe('closed');
    await fail(1);
    jest.advanceTimersByTime(1_000);
    expect(await failing(new UpstreamFailure('queue-full', 'busy'))).toMatchObject({
      kind: 'queue-full',
    });
    expect(breaker.state).toBe('open');
  });
  test('lets one try again within a second; nobody else waits for it', async () => {
    await fail(5);
    expect(await answers()).toBeUndefined();
    jest.advanceTimersByTime(700);
    let done: (answer: string) => void = () => {};
    const trying = breaker.execute(() => new Promise<string>((resolve) => (done = resolve)));
    expect([breaker.state, breaker.willing]).toEqual(['half-open', false]);
    done('back');
    expect(await trying).toBe('back');
    expect([breaker.state, breaker.willing]).toEqual(['closed', true]);
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  test('opens again when the try fails, and waits longer, but never longer than ten seconds', async () => {
    await fail(5);
    for (let round = 0; round < 12; round++) {
      jest.advanceTimersByTime(15_000);
      await fail(1);
      expect(breaker.state).toBe('open');
    }
    // each wait has some chance in it, so that facades do not all try at once
    expect(await answers()).toBeUndefined();
    jest.advanceTimersByTime(10_000);
    expect(await answers()).toBe('answer');
  });
});

test('a failure is known by its kind and keeps its cause', () => {
  const cause = new Error('ECONNREFUSED');
  expect(new UpstreamFailure('timeout', 'late', { cause })).toMatchObject({
    name: 'UpstreamFailure',
    kind: 'timeout',
    cause,
  });
});
