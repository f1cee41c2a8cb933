import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StranglerError } from '@strangler-toolkit/plan';
import { fakeMove } from '../../test/support/fake-move.ts';
import { from, moveSource, timeLeft, to, until, whyStopped } from './move-state.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('the time that a step may take', () => {
  test('is its own limit where no write waits', () => {
    expect(timeLeft(fakeMove().move, 700)).toBe(700);
  });

  test.each([
    ['the rest of the hold, when that is less', 500, 500],
    ['its own limit, when that is less', 900, 700],
    ['nothing, when the hold is over', -1, 0],
  ])('is %s', (_, ends, left) => {
    const { move } = fakeMove({ deadline: performance.now() + ends });
    expect(timeLeft(move, 700)).toBe(left);
  });
});

describe('waiting within a step', () => {
  const wait = (limit: number, answers: readonly (string | undefined)[], signal?: AbortSignal) => {
    const { move } = fakeMove(signal && { signal });
    const left = [...answers];
    let looks = 0;
    const waited = until(move, limit, async () => {
      looks += 1;
      return left.length > 1 ? left.shift() : left[0];
    });
    return { waited, looks: () => looks };
  };

  test('ends with the first answer', async () => {
    const { waited, looks } = wait(1000, [undefined, undefined, 'there']);
    await jest.advanceTimersByTimeAsync(100);
    expect(await waited).toBe('there');
    expect(looks()).toBe(3);
  });

  test('looks once more when the time is over, and once when there is none', async () => {
    const { waited, looks } = wait(25, [undefined]);
    await jest.advanceTimersByTimeAsync(100);
    expect(await waited).toBeUndefined();
    expect(looks()).toBe(4);
    expect(await wait(0, ['there']).waited).toBe('there');
  });

  test('ends when the move is cancelled, with the reason', async () => {
    const abort = new AbortController();
    const { waited } = wait(1000, [undefined], abort.signal);
    const refused = waited.catch((error: unknown) => error);
    abort.abort('Ctrl-C');
    await jest.advanceTimersByTimeAsync(100);
    expect(await refused).toMatchObject({ code: 'CANCELLED', cause: 'Ctrl-C' });
  });
});

test('a wait that a lost lease ended says that the lease was lost; another failure stays what it is', () => {
  const lost = new AbortController();
  const reason = new StranglerError('LEASE_LOST', 'taken over');
  const broke = new Error('connection reset');
  expect(whyStopped(broke, lost.signal)).toBe(broke);
  lost.abort(reason);
  const ended = new DOMException('The operation was aborted', 'AbortError');
  expect(whyStopped(ended, lost.signal)).toBe(reason);
  expect(whyStopped(broke, lost.signal)).toBe(broke);
});

test('a move knows its two sides, and where the stream that ends and the one that begins come from', async () => {
  const { move, said } = fakeMove();
  const asked = async (client: ReturnType<typeof from>): Promise<void> =>
    void (await (await client).query('SELECT 1'));
  const all = Promise.all([asked(from(move)), asked(to(move))]);
  await jest.advanceTimersByTimeAsync(10);
  await all;
  expect(said).toEqual(['monolith: SELECT 1', 'service: SELECT 1']);
  expect(await moveSource(move, 'closing')).toMatchObject({
    context: 'catalog',
    direction: 'forward',
    url: 'postgresql://monolith',
  });
  expect(await moveSource(move, 'opening')).toMatchObject({
    direction: 'reverse',
    url: 'postgresql://service',
  });
});
