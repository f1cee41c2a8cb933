import { describe, expect, test } from '@jest/globals';
import type { OwnerView } from '@strangler-toolkit/plan';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { NoVerdict, UpstreamFailure } from '../resilience/breaker.ts';
import type { Chosen } from './choose-side.ts';
import {
  type Asked,
  faultOf,
  hasAnswer,
  judgeStandIn,
  mayStandIn,
  outdoes,
  saysDead,
} from './stand-in.ts';

const view: OwnerView = {
  dataKind: 'replicated',
  stage: 'service',
  owner: 'service',
  epoch: 4n,
  known: true,
};
const chosen = (more: Partial<Chosen> = {}, changes: Partial<OwnerView> = {}): Chosen => ({
  target: 'service',
  reason: 'flag',
  view: { ...view, ...changes },
  ...more,
});
const atCanary = (reason: Chosen['reason']): Chosen =>
  chosen({ target: 'monolith', reason }, { stage: 'canary', owner: 'monolith' });
const may = (more: Partial<Asked> = {}): boolean =>
  mayStandIn({ kind: 'read', method: 'GET', chosen: chosen(), withinMs: 5_000, ...more });

describe('for a dead owner the other side may be asked', () => {
  test.each<[string, Partial<Asked>]>([
    ['a read of the service after the cutover', {}],
    ['HEAD', { method: 'HEAD' }],
    ...(['pin', 'pin-unknown', 'breaker-open'] as const).map((reason): [string, Partial<Asked>] => [
      `a read of the monolith before it whose flag is on, kept there by ${reason}`,
      { chosen: atCanary(reason) },
    ]),
    ['a read that its pin kept at the owner', { chosen: chosen({ reason: 'pin' }) }],
    ['a read whose flag nobody knows', { chosen: chosen({ reason: 'flag-unknown' }) }],
  ])('%s', (_what, more) => expect(may(more)).toBe(true));

  test.each<[string, Partial<Asked>]>([
    ['where the context file says never', { withinMs: 0 }],
    ['for a write', { kind: 'write' }],
    ['for a question by POST', { method: 'POST' }],
    ['before reads are steered', { chosen: chosen({}, { stage: 'shadowing' }) }],
    ['after the way back ended', { chosen: chosen({}, { stage: 'retired' }) }],
    ['for data that is not copied', { chosen: chosen({}, { dataKind: 'shared' }) }],
    ['while nobody ever told who owns', { chosen: chosen({}, { known: false }) }],
    ['when it is the one that failed', { chosen: chosen({ target: 'monolith' }) }],
    ['while the kill switch is on', { chosen: chosen({ reason: 'kill' }) }],
    ['at canary while the kill switch is on', { chosen: atCanary('kill') }],
    ['a service that the flag keeps from this reader', { chosen: atCanary('flag') }],
    ['a service of whose flag nobody knows', { chosen: atCanary('flag-unknown') }],
  ])('but not %s', (_what, more) => expect(may(more)).toBe(false));
});

const failed = (kind: UpstreamFailure['kind']): Attempt => ({
  kind: 'failed',
  failure: new UpstreamFailure(kind, ''),
  stale: false,
});
const answers = (status: number): Attempt => ({ kind: 'answer', answer: { status } }) as Attempt;

test('dead is who cannot be reached or says nothing, not who answers', () => {
  expect(
    ['unreachable' as const, 'timeout' as const].map((kind) => saysDead(failed(kind))),
  ).toEqual([true, true]);
  expect(saysDead(failed('unreadable'))).toBe(false);
  expect(saysDead({ kind: 'client-gone' })).toBe(false);
  expect(saysDead({ kind: 'answer' } as Attempt)).toBe(false);
});

test('for a dead owner any answer but a failure serves, for one that is late a good one only', () => {
  const statuses = [200, 304, 400, 401, 404, 500, 503];
  expect(statuses.filter((status) => hasAnswer(answers(status)))).toEqual([
    200, 304, 400, 401, 404,
  ]);
  expect(statuses.filter((status) => outdoes(answers(status)))).toEqual([200, 304]);
  expect([hasAnswer(failed('timeout')), outdoes(failed('timeout'))]).toEqual([false, false]);
});

describe("the owner's breaker hears", () => {
  const gone: Attempt = { kind: 'client-gone' };
  test('the failure of one that is dead, whoever answered for it', () => {
    expect(faultOf(failed('unreachable'), answers(200), false)).toMatchObject({
      kind: 'unreachable',
    });
    expect(faultOf(failed('timeout'), failed('timeout'), false)).toMatchObject({ kind: 'timeout' });
  });
  test.each([answers(200), answers(503), failed('unreadable')])(
    'nothing of one that answered: %j',
    (owner) => expect(faultOf(owner, owner, false)).toBeUndefined(),
  );
  test('no verdict on one that was outrun, unless it was dead before', () => {
    expect(faultOf(undefined, answers(200), false)).toBeInstanceOf(NoVerdict);
    expect(faultOf(undefined, answers(200), true)).toMatchObject({ kind: 'timeout' });
  });
  test.each([
    [gone, gone],
    [undefined, gone],
    [gone, answers(200)],
  ])('no verdict when the client left', (owner, given) =>
    expect(faultOf(owner, given, true)).toBeInstanceOf(NoVerdict),
  );
});

describe('the other side stands in', () => {
  const answer = (more: object = {}): FreshnessAnswer => ({
    known: true,
    fresh: true,
    owner: 'service',
    epoch: 4n,
    behindMs: 300,
    ...more,
  });
  const judge = (told: FreshnessAnswer, withinMs = 5_000) => judgeStandIn(view, told, withinMs);

  test('when its watermark is young and has passed what the reader wrote', () => {
    expect(judge(answer())).toEqual({ answers: true, side: 'monolith', behindMs: 300 });
    expect(judge(answer({ behindMs: 5_000 }))).toMatchObject({ answers: true });
  });
  test.each<[string, FreshnessAnswer, string]>([
    ['nobody tells', { known: false }, 'unknown'],
    ['the context is not known', answer({ owner: undefined }), 'unknown'],
    ['the reader wrote since', answer({ fresh: false }), 'pinned'],
    ['the watermark is older than allowed', answer({ behindMs: 5_001 }), 'behind'],
    ['there is no watermark of this epoch', answer({ behindMs: undefined }), 'behind'],
    ['the watermark is from the future', answer({ behindMs: -1 }), 'behind'],
    ['the watermark has no age', answer({ behindMs: Number.NaN }), 'behind'],
    ['the control database fell back', answer({ epoch: 3n, owner: 'monolith' }), 'owner-changed'],
    ['the owner changed there and back', answer({ epoch: 6n }), 'owner-changed'],
    ['two owners of one epoch are told', answer({ owner: 'monolith' }), 'owner-changed'],
  ])('not when %s', (_what, told, why) => expect(judge(told)).toEqual({ answers: false, why }));
  test('as the owner, however old its watermark, once it owns the data', () => {
    const told = answer({ epoch: 5n, owner: 'monolith', behindMs: undefined, fresh: false });
    expect(judge(told)).toEqual({ answers: true, side: 'monolith', epoch: 5n });
  });
});
