import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Deadlines } from '../proxy/deadlines.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import { type Answered, firstOf } from './first-of.ts';

let discarded: string[];
const deadlines = new Deadlines();
beforeEach(() => void (discarded = []));
afterEach(() => deadlines.stop());

const by = (side: Answered['side'], attempt: Attempt): Answered => ({
  attempt,
  side,
  reason: '',
  epoch: 2n,
  ...(side === 'monolith' && { behindMs: 1 }),
});
const says = (side: Answered['side'], status: number): Answered => {
  const answer = { status, discard: () => discarded.push(`${side} ${status}`) };
  return by(side, { kind: 'answer', answer } as unknown as Attempt);
};
const failure = new UpstreamFailure('unreachable', 'gone');
const dead = by('service', { kind: 'failed', failure, stale: false });

/** The service owns and answers when it is told to; the monolith answers at once. */
function race(other: Answered | undefined, lateMs = 1) {
  const owner = Promise.withResolvers<Answered>();
  const asked = Promise.withResolvers<void>();
  const first = firstOf(deadlines, {
    lateMs,
    owner: owner.promise,
    other: () => Promise.resolve(other).finally(asked.resolve),
  });
  return { first, asked: asked.promise, answers: owner.resolve };
}

test('a good answer of the other side is taken while the owner is late, and its own is discarded then', async () => {
  const { first, answers } = race(says('monolith', 200));
  expect(await first).toMatchObject({ side: 'monolith' });
  answers(says('service', 200));
  await new Promise(setImmediate);
  expect(discarded).toEqual(['service 200']);
});

test.each([401, 404])(
  'a %i of the other side does not outrun an owner that is slow',
  async (status) => {
    const { first, asked, answers } = race(says('monolith', status));
    await asked;
    await new Promise(setImmediate);
    answers(says('service', 200));
    expect(await first).toMatchObject({ side: 'service' });
    await new Promise(setImmediate);
    expect(discarded).toEqual([`monolith ${status}`]);
  },
);

test('but is the answer once that owner turns out to be dead', async () => {
  const { first, asked, answers } = race(says('monolith', 404));
  await asked;
  await new Promise(setImmediate);
  answers(dead);
  expect(await first).toMatchObject({ side: 'monolith' });
  await new Promise(setImmediate);
  expect(discarded).toEqual([]);
});

test('whatever a side says that became the owner meanwhile is the answer', async () => {
  const { behindMs: _, ...owning } = says('monolith', 404);
  const { first, asked, answers } = race(owning);
  await asked;
  await new Promise(setImmediate);
  answers(says('service', 200));
  expect(await first).toMatchObject({ side: 'monolith' });
});

test('an owner that answers in time is the only one asked, a dead one is not waited for', async () => {
  const lives = race(says('monolith', 200), 60_000);
  lives.answers(says('service', 503));
  expect(await lives.first).toMatchObject({ side: 'service' });
  const died = race(says('monolith', 404), 60_000);
  died.answers(dead);
  expect(await died.first).toMatchObject({ side: 'monolith' });
  const alone = race(undefined, 60_000);
  alone.answers(dead);
  expect(await alone.first).toBe(dead);
});

test('where the other side has nothing, the owner keeps its time', async () => {
  const { first, asked, answers } = race(undefined);
  await asked;
  await new Promise(setImmediate);
  answers(dead);
  expect(await first).toBe(dead);
});
