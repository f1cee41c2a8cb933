import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { Upstreams } from '../resilience/upstreams.ts';
import { Deadlines } from './deadlines.ts';
import type { Attempt, AttemptRequest, Settle } from './forwarder.ts';
import { SpreadTry } from './spread-try.ts';

const deadlines = new Deadlines();
afterEach(() => deadlines.stop());

/** A read of an upstream with two instances; its tries wait until the test settles them. */
function asked(patienceMs: number) {
  const tries: { wish: AttemptRequest; settle: Settle }[] = [];
  const settled: Attempt[] = [];
  const upstreams = new Upstreams({ atATime: 9, waiting: 9 });
  upstreams.use([{ address: 'http://one', instances: ['http://two'] }]);
  const upstream = upstreams.of('http://one');
  upstream.bulkhead.enter();
  new SpreadTry({
    inner: { send: (wish, settle) => void tries.push({ wish, settle }) },
    upstream,
    deadlines,
    wish: {
      request: { method: 'GET' } as IncomingMessage,
      response: {} as ServerResponse,
      upstream: 'http://one',
      target: '/',
      headers: [],
      withBody: false,
      patienceMs,
    },
    settle: (attempt) => void settled.push(attempt),
  }).begin();
  const fail = (at: number): void => {
    const one = tries[at];
    one?.wish.place?.leave();
    one?.settle({
      kind: 'failed',
      stale: false,
      failure: { kind: 'unreachable' } as (Attempt & { kind: 'failed' })['failure'],
    });
  };
  return { tries, settled, upstream, fail };
}

test('a read that is asked twice has its time once, and another instance the second time', async () => {
  const { tries, settled, upstream, fail } = asked(10_000);
  const began = performance.now();
  await until('some of its time is over', () => performance.now() - began > 30);
  fail(0);
  expect(upstream.retrying).toBe(1);
  await until('it is asked again', () => tries.length === 2);
  const [first = 0, second = 0] = tries.map(({ wish }) => wish.patienceMs);
  expect(first - second).toBeGreaterThanOrEqual(30);
  expect(new Set(tries.map(({ wish }) => wish.dial?.url))).toEqual(
    new Set(['http://one', 'http://two']),
  );
  expect(settled).toEqual([]);
  fail(1);
  expect([tries.length, settled.length, upstream.retrying]).toEqual([2, 1, 0]);
  expect([
    upstream.bulkhead.inFlight,
    upstream.balancer.instances.map(({ active }) => active),
  ]).toEqual([0, [0, 0]]);
});
