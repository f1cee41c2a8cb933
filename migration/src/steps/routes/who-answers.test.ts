import { describe, expect, test } from '@jest/globals';
import type { OwnerView } from '@strangler-toolkit/plan';
import type { FlagState } from '../../flags/index.ts';
import { type AnswerInput, whoAnswers } from './who-answers.ts';

const view: OwnerView = {
  dataKind: 'replicated',
  stage: 'canary',
  owner: 'monolith',
  epoch: 1n,
  known: true,
};
const flag = (percent: number, exists = true): FlagState => ({
  name: 'c.r',
  exists,
  enabled: percent > 0,
  percent,
  otherStrategies: 0,
});
const answers = (given: Partial<AnswerInput>): string[] =>
  whoAnswers({
    kind: 'read',
    view,
    freshness: 'fresh',
    killed: false,
    flag: flag(25),
    ...given,
  }).map(({ target, percent, reason }) => `${percent} ${target} ${reason}`);

describe('who answers', () => {
  test('a read is divided by its flag', () => {
    expect(answers({})).toEqual(['25 service flag', '75 monolith flag']);
    expect(answers({ flag: flag(0) })).toEqual(['100 monolith flag']);
    expect(answers({ flag: flag(100) })).toEqual(['100 service flag']);
  });

  test('who is named by the flag reads where it sends, whatever the share', () => {
    const named = { ...flag(0), enabled: true, identities: ['ann', 'bob'] };
    expect(answers({ flag: named, identity: 'bob' })).toEqual(['100 service flag']);
    expect(answers({ flag: named, identity: 'eve' })).toEqual(['100 monolith flag']);
    expect(answers({ flag: named })).toEqual(['100 monolith flag']);
    expect(answers({ flag: named, identity: 'bob', freshness: 'pinned' })).toEqual([
      '100 monolith pin',
    ]);
  });

  test('a flag that does not exist sends nobody anywhere', () => {
    expect(answers({ flag: flag(0, false) })).toEqual(['100 monolith flag-unknown']);
  });

  test('a flag that is not known here leaves both open, where it could steer', () => {
    expect(answers({ flag: null })).toEqual(['null service flag', 'null monolith flag']);
    expect(answers({ flag: null, killed: true })).toEqual(['100 monolith kill']);
  });

  test('who wrote reads at the owner, whatever the flag says', () => {
    expect(answers({ freshness: 'pinned', flag: flag(100) })).toEqual(['100 monolith pin']);
    const owned = { ...view, owner: 'service' as const, stage: 'service' as const };
    expect(answers({ freshness: 'pinned', view: owned })).toEqual(['100 service pin']);
  });

  test('a tester reads where the own token says, whoever else does', () => {
    expect(answers({ flag: flag(0), tester: 'service' })).toEqual(['100 service tester']);
    expect(answers({ flag: null, tester: 'monolith' })).toEqual(['100 monolith tester']);
    expect(answers({ flag: flag(0), tester: 'service', freshness: 'pinned' })).toEqual([
      '100 monolith pin',
    ]);
    const write = { kind: 'write', flag: flag(0), tester: 'service' } as const;
    expect(answers(write)).toEqual(['100 monolith owner']);
  });

  test('no flag moves a write of replicated data, or a read before the canary', () => {
    const owned = { ...view, owner: 'service' as const, stage: 'service' as const };
    expect(answers({ kind: 'write', view: owned })).toEqual(['100 service owner']);
    expect(answers({ view: { ...view, stage: 'shadowing' } })).toEqual(['100 monolith stage']);
  });
});
