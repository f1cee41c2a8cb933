import { describe, expect, test } from '@jest/globals';
import type { Attempt, AttemptRequest, Settle } from '../proxy/forwarder.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import { facadeMetrics } from '../telemetry/metrics.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { tryUpstream } from './try-upstream.ts';

const failure = new UpstreamFailure('unreachable', 'gone');
const stale: Attempt = { kind: 'failed', failure, stale: true };
const dead: Attempt = { kind: 'failed', failure, stale: false };
const gone: Attempt = { kind: 'client-gone' };
const answered = { kind: 'answer', answer: {} } as Attempt;

async function attempt(method: string, outcomes: Attempt[], more: object = {}, body?: Buffer) {
  const sent: AttemptRequest[] = [];
  const metrics = facadeMetrics();
  const forwarder = {
    send(request: AttemptRequest, settle: Settle) {
      sent.push(request);
      settle(outcomes.shift() ?? dead);
    },
  };
  const passage = {
    arrival: { request: {}, method, target: '/x?y', trace: {} },
    response: {},
    told: {},
    headers: { a: 'b' },
    withBody: false,
    ...(body && { body }),
    ...more,
  } as unknown as Passage;
  const outcome = await tryUpstream({ forwarder, metrics } as unknown as Serving, passage, {
    upstream: 'http://up',
    side: 'monolith',
    patienceMs: 7,
    ...more,
  });
  const [{ value } = { value: 0 }] = (await metrics.retries.get()).values;
  return { outcome, sent, retries: value };
}

describe('a connection that was just closing', () => {
  test.each(['GET', 'HEAD', 'OPTIONS'])(
    'is no error for a %s: it is sent once more',
    async (method) => {
      const { outcome, sent, retries } = await attempt(method, [stale, answered]);
      expect([outcome, retries]).toEqual([answered, 1]);
      // the next idle connection may be as stale
      expect(sent.map(({ fresh }) => fresh)).toEqual([false, true]);
    },
  );

  test('is met once, not for ever', async () => {
    const { outcome, sent } = await attempt('GET', [stale, stale, answered]);
    expect([outcome, sent.length]).toEqual([stale, 2]);
  });

  test.each(['PUT', 'DELETE', 'POST', 'PATCH'])('is an error for a %s', async (method) => {
    const { outcome, sent, retries } = await attempt(method, [stale, answered]);
    expect([outcome, sent.length, retries]).toEqual([stale, 1, 0]);
  });

  test.each([
    ['a write, whatever its method', { once: true }],
    ['a body that cannot be sent again', { withBody: true }],
  ])('is an error for %s', async (_what, more) => {
    const { outcome, sent } = await attempt('GET', [stale, answered], more);
    expect([outcome, sent.length]).toEqual([stale, 1]);
  });
});

test.each([dead, gone, answered])('any other outcome stands: %j', async (outcome) => {
  expect(await attempt('GET', [outcome, answered])).toMatchObject({ outcome, retries: 0 });
});

test('the upstream is asked what the client asked, with what it may know', async () => {
  const { sent } = await attempt('POST', [answered], {}, Buffer.from('kept'));
  expect(sent).toMatchObject([
    {
      upstream: 'http://up',
      target: '/x?y',
      headers: { a: 'b' },
      withBody: false,
      body: Buffer.from('kept'),
      patienceMs: 7,
    },
  ]);
  expect((await attempt('GET', [answered])).sent[0]?.body).toBeUndefined();
});
