import { afterEach, expect, test } from '@jest/globals';
import type { Side } from '@strangler-toolkit/plan';
import pino from 'pino';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import { Deadlines } from '../proxy/deadlines.ts';
import type { Attempt, AttemptRequest, Settle } from '../proxy/forwarder.ts';
import { upstreamBreaker, UpstreamFailure } from '../resilience/breaker.ts';
import { facadeMetrics } from '../telemetry/metrics.ts';
import type { Passage } from './passage.ts';
import type { Serving } from './serving.ts';
import { type OwnedRead, tryOwner } from './try-owner.ts';

const deadlines = new Deadlines();
afterEach(() => deadlines.stop());

type Answering = () => Promise<Attempt>;
const failure = new UpstreamFailure('unreachable', 'gone');
const dead: Attempt = { kind: 'failed', failure, stale: false };
const gone: Attempt = { kind: 'client-gone' };
const says = (status: number) =>
  ({ kind: 'answer', answer: { status, discard() {} } }) as unknown as Attempt;
const soon = (attempt: Attempt) => (): Promise<Attempt> => Promise.resolve(attempt);
const after = (milliseconds: number, attempt: Attempt) => (): Promise<Attempt> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds, attempt));
const fresh: FreshnessAnswer = {
  known: true,
  fresh: true,
  owner: 'service',
  epoch: 2n,
  behindMs: 1,
};

/** The service owns; what both sides say may be changed between two reads. */
function scene(sides: Record<Side, Answering>, freshness = () => Promise.resolve(fresh)) {
  const breakers = { monolith: upstreamBreaker(() => {}), service: upstreamBreaker(() => {}) };
  const logged: string[] = [];
  const serving = {
    deadlines,
    metrics: facadeMetrics(),
    ownership: { freshness },
    forwarder: {
      send: ({ upstream }: AttemptRequest, settle: Settle) =>
        void sides[upstream as Side]().then(settle),
    },
    standIns: { note() {} },
    noteTry() {},
    log: pino({}, { write: (line: string) => void logged.push(line) }),
  } as unknown as Serving;
  const read = {
    claim: {
      route: { context: 'items', definition: { name: 'list', kind: 'read' } },
      plan: { breakers, urls: { monolith: 'monolith', service: 'service' }, standInMs: 5_000 },
    },
    who: { all: () => [] },
    chosen: { target: 'service', reason: 'flag', view: { owner: 'service', epoch: 2n } },
    totalMs: 400,
  } as unknown as OwnedRead;
  const ask = () => {
    const arrival = {
      request: {},
      method: 'GET',
      trace: {},
      target: '/',
      started: performance.now(),
    };
    return tryOwner(serving, { arrival, response: {}, told: {} } as unknown as Passage, read);
  };
  return { ask, sides, breakers, logged };
}

test('a defect of the question to the other side leaves the read to its owner, and is logged', async () => {
  const { ask, sides, logged } = scene({ monolith: soon(says(200)), service: soon(dead) }, () =>
    Promise.reject(new Error('a defect')),
  );
  expect(await ask()).toMatchObject({ side: 'service', attempt: dead });
  sides.service = after(300, says(200));
  expect(await ask()).toMatchObject({ side: 'service', attempt: { kind: 'answer' } });
  expect(logged).toEqual([
    expect.stringContaining('a defect'),
    expect.stringContaining('a defect'),
  ]);
});

test('an owner that is dead opens its breaker, one that is outrun does not', async () => {
  const { ask, sides, breakers } = scene({
    monolith: soon(says(200)),
    service: after(400, says(200)),
  });
  const all = await Promise.all([ask(), ask(), ask(), ask(), ask(), ask()]);
  expect(all.map(({ side }) => side)).toEqual(Array.from(all, () => 'monolith'));
  expect(breakers.service.state).toBe('closed');
  sides.service = soon(dead);
  for (let round = 0; round < 5; round++) expect(await ask()).toMatchObject({ side: 'monolith' });
  expect(breakers.service.state).toBe('open');
});

test('a client that leaves says nothing about either side', async () => {
  const { ask, sides, breakers } = scene({ monolith: soon(says(503)), service: soon(dead) });
  const four = () => Promise.all([ask(), ask(), ask(), ask()]);
  await four();
  sides.monolith = soon(gone);
  expect(await ask()).toMatchObject({ attempt: gone });
  expect([breakers.monolith.state, breakers.service.state]).toEqual(['closed', 'closed']);
  sides.monolith = soon(says(503));
  await ask();
  expect([breakers.monolith.state, breakers.service.state]).toEqual(['open', 'open']);
});

test.each([500, 503])('a %i of the other side is no answer for a dead owner', async (status) => {
  const { ask } = scene({ monolith: soon(says(status)), service: soon(dead) });
  expect(await ask()).toMatchObject({ side: 'service', attempt: dead });
});
