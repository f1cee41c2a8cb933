import { describe, expect, test } from '@jest/globals';
import type { OwnerView } from '@strangler-toolkit/plan';
import type { FreshnessAnswer } from '../ownership/freshness.ts';
import type { Attempt } from '../proxy/forwarder.ts';
import { UpstreamFailure } from '../resilience/breaker.ts';
import type { Chosen } from './choose-side.ts';
import { type Asked, judgeStandIn, mayStandIn, saysDead } from './stand-in.ts';

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
const may = (more: Partial<Asked> = {}): boolean =>
  mayStandIn({ kind: 'read', method: 'GET', chosen: chosen(), withinMs: 5_000, ...more });

describe('for a dead owner the other side may be asked', () => {
  test.each<[string, Partial<Asked>]>([
    ['a read of the service after the cutover', {}],
    ['HEAD', { method: 'HEAD' }],
    [
      'a read of the monolith before it',
      { chosen: chosen({ target: 'monolith' }, { stage: 'canary', owner: 'monolith' }) },
    ],
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
  ])('but not %s', (_what, more) => expect(may(more)).toBe(false));
});

test('dead is who cannot be reached or says nothing, not who answers', () => {
  const failed = (kind: UpstreamFailure['kind']): Attempt => ({
    kind: 'failed',
    failure: new UpstreamFailure(kind, ''),
    stale: false,
  });
  expect(
    ['unreachable' as const, 'timeout' as const].map((kind) => saysDead(failed(kind))),
  ).toEqual([true, true]);
  expect(saysDead(failed('unreadable'))).toBe(false);
  expect(saysDead({ kind: 'client-gone' })).toBe(false);
  expect(saysDead({ kind: 'answer' } as Attempt)).toBe(false);
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
