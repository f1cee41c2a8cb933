import { describe, expect, test } from '@jest/globals';
import type { InteractionResult } from '../verifier.ts';
import { byPact, outcomeOf, outcomesOf, together } from './outcome.ts';

const one = (
  verdict: InteractionResult['verdict'],
  more: Partial<InteractionResult> = {},
): InteractionResult => ({
  consumer: 'web',
  description: 'a quote',
  verdict,
  ok: verdict === 'kept',
  mismatch: '',
  pact: '0.json',
  ...more,
});
const pending = (held?: boolean): InteractionResult =>
  one('pending', { notRequired: 'pending', ...(held !== undefined && { held }) });

describe('what is said of a pact at the broker', () => {
  test.each<[string, InteractionResult[], string]>([
    ['all kept', [one('kept'), one('kept')], 'kept'],
    ['one broken', [one('kept'), one('broken')], 'broken'],
    ['one broken and one not asked', [one('state-not-entered'), one('broken')], 'broken'],
    ['one not asked', [one('kept'), one('state-not-entered')], 'unknown'],
    ['a message nobody publishes', [one('kept'), one('message')], 'unknown'],
    ['nobody answered', [one('unreachable')], 'unknown'],
    ['one that its author marked', [one('kept'), one('pending')], 'kept'],
    ['only such', [one('pending')], 'unknown'],
    ['a pending pact that would hold', [pending(true), pending(true)], 'kept'],
    ['a pending pact that would not', [pending(true), pending(false)], 'broken'],
    ['a pending pact that was not asked', [pending(true), pending()], 'unknown'],
    ['nothing', [], 'unknown'],
  ])('%s', (_, interactions, expected) => expect(outcomeOf(interactions)).toBe(expected));

  test('two instances of one version keep it together or not at all', () => {
    expect(together(['kept', 'kept'])).toBe('kept');
    expect(together(['kept', 'unknown'])).toBe('unknown');
    expect(together(['unknown', 'broken'])).toBe('broken');
    expect(together([])).toBe('unknown');
  });

  test('a pact whose messages others publish is not kept by whoever kept the rest of it', () => {
    const rest = { interactions: [one('kept')], notAsked: ['0.json'] };
    expect(outcomesOf([rest])('0.json')).toBe('unknown');
    expect(outcomesOf([{ ...rest, interactions: [one('broken')] }])('0.json')).toBe('broken');
    expect(outcomesOf([{ ...rest, notAsked: ['1.json'] }])('0.json')).toBe('kept');
    // the other instance of the same version publishes them
    expect(outcomesOf([rest, { interactions: [one('kept'), one('kept')] }])('0.json')).toBe('kept');
    expect(outcomesOf([rest, rest])('0.json')).toBe('unknown');
  });

  test('each pact has an outcome of its own', () =>
    expect([...byPact([one('kept'), one('broken', { pact: '1.json' }), one('kept')])]).toEqual([
      ['0.json', 'kept'],
      ['1.json', 'broken'],
    ]));
});
