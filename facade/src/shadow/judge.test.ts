import { describe, expect, test } from '@jest/globals';
import { ComparisonFailed } from './comparer.ts';
import type { Observed } from './difference.ts';
import { type Court, judge } from './judge.ts';
import { ObservationFailed } from './observe.ts';

const answer = (text: string, status = 200): Observed => ({
  status,
  headers: {},
  body: Buffer.from(text),
});
const failure = (...[kind, message]: ConstructorParameters<typeof ObservationFailed>) =>
  new ObservationFailed(kind, message);

type Said = Observed | Error;

/** Each side says these one after the other, the last for ever. */
function court(reference: readonly Said[], candidate: readonly Said[], more: Partial<Court> = {}) {
  const asked: string[] = [];
  const says = (name: string, said: readonly Said[]) => async (): Promise<Observed> => {
    const times = asked.filter((each) => each === name).length;
    asked.push(name);
    const now = said[Math.min(times, said.length - 1)];
    if (now === undefined || now instanceof Error) throw now ?? new Error(`${name} is not asked`);
    return now;
  };
  const bench: Court = {
    reference: says('reference', reference),
    candidate: says('candidate', candidate),
    caughtUp: async () => {
      asked.push('caught up');
      return true;
    },
    compare: async (one, other) =>
      one.body.equals(other.body) && one.status === other.status
        ? []
        : [{ path: 'body', reference: one.body.toString(), candidate: other.body.toString() }],
    tries: 3,
    ...more,
  };
  return { bench, asked };
}

describe('the first answer of the other side', () => {
  test('the same as the client got: a match, and nobody is asked again', async () => {
    const { bench, asked } = court([], [answer('a')]);
    expect(await judge(answer('a'), bench)).toEqual({ outcome: 'match', differences: [] });
    expect(asked).toEqual(['candidate']);
  });

  test.each([
    ['timeout', 'candidate-timeout', 'too slow'],
    ['error', 'candidate-error', 'too slow'],
    ['too-large', 'uncomparable', 'candidate: too slow'],
    ['undecodable', 'uncomparable', 'candidate: too slow'],
  ] as const)('%s: %s', async (kind, outcome, cause) => {
    const { bench, asked } = court([], [failure(kind, 'too slow')]);
    expect(await judge(answer('a'), bench)).toEqual({ outcome, differences: [], cause });
    expect(asked).toEqual(['candidate']);
  });

  test('a mistake of ours is not taken for one of theirs', async () => {
    const { bench } = court([], [new TypeError('ours')]);
    await expect(judge(answer('a'), bench)).rejects.toThrow('ours');
  });
});

describe('a first difference', () => {
  test('was lateness when the other side, once caught up, says what the owner says', async () => {
    const { bench, asked } = court([answer('b')], [answer('a'), answer('b')]);
    expect(await judge(answer('b'), bench)).toEqual({ outcome: 'stale', differences: [] });
    expect(asked).toEqual(['candidate', 'reference', 'caught up', 'candidate', 'reference']);
  });

  test('is a mismatch when the owner says the same twice and the other side differs in between', async () => {
    const { bench } = court([answer('b')], [answer('a')]);
    expect(await judge(answer('b'), bench)).toEqual({
      outcome: 'mismatch',
      differences: [{ path: 'body', reference: 'b', candidate: 'a' }],
      statuses: { reference: 200, candidate: 200 },
    });
  });

  test.each([
    [200, 500, 'candidate-error'],
    [200, 499, 'mismatch'],
    [499, 500, 'candidate-error'],
    [500, 503, 'mismatch'],
  ])('owner %d, other side %d: %s', async (reference, candidate, outcome) => {
    const { bench } = court([answer('b', reference)], [answer('a', candidate)]);
    const verdict = await judge(answer('b', reference), bench);
    expect(verdict).toMatchObject({ outcome, statuses: { reference, candidate } });
  });

  test('an owner that changes while it is looked at is asked again', async () => {
    const { bench, asked } = court([answer('1'), answer('2'), answer('3')], [answer('x')]);
    expect((await judge(answer('0'), bench)).outcome).toBe('mismatch');
    expect(asked.filter((each) => each === 'reference')).toHaveLength(4);
  });

  test('an owner that says something else each time proves nothing', async () => {
    const said = ['1', '2', '3', '4', '5', '6', '7', '8'].map((text) => answer(text));
    const { bench, asked } = court(said, [answer('x')]);
    expect(await judge(answer('0'), bench)).toEqual({
      outcome: 'uncomparable',
      differences: [],
      cause: 'the owner answered differently each time',
      noise: [{ path: 'body', reference: '5', candidate: '6' }],
    });
    expect(asked.filter((each) => each === 'reference')).toHaveLength(6);
  });

  test('a side that does not catch up in time is not compared', async () => {
    const { bench, asked } = court([answer('b')], [answer('a')], { caughtUp: async () => false });
    expect(await judge(answer('b'), bench)).toEqual({
      outcome: 'uncomparable',
      differences: [],
      cause: 'the other side did not catch up in time',
    });
    expect(asked).toEqual(['candidate', 'reference']);
  });

  test.each([
    ['before', [failure('timeout', 'gone')], [answer('a')], 'uncomparable', 'reference: gone'],
    [
      'after',
      [answer('b'), failure('timeout', 'gone')],
      [answer('a')],
      'uncomparable',
      'reference: gone',
    ],
    [
      'between',
      [answer('b')],
      [answer('a'), failure('timeout', 'gone')],
      'candidate-timeout',
      'gone',
    ],
    [
      'between, of size',
      [answer('b')],
      [answer('a'), failure('too-large', 'more than a MB')],
      'uncomparable',
      'candidate: more than a MB',
    ],
  ])('a failure %s ends it', async (_when, reference, candidate, outcome, cause) => {
    const { bench } = court(reference, candidate);
    expect(await judge(answer('b'), bench)).toEqual({ outcome, differences: [], cause });
  });
});

test('a comparison that is given up proves nothing', async () => {
  const compare = () => Promise.reject(new ComparisonFailed('it took too long'));
  const { bench } = court([answer('b')], [answer('a')], { compare });
  expect(await judge(answer('b'), bench)).toEqual({
    outcome: 'uncomparable',
    differences: [],
    cause: 'it took too long',
  });
});

test('what the client got cannot serve: the owner is asked first, and equal is a match', async () => {
  const { bench, asked } = court([answer('b')], [answer('b')]);
  expect(await judge(undefined, bench)).toEqual({ outcome: 'match', differences: [] });
  expect(asked).toEqual(['reference', 'caught up', 'candidate', 'reference']);
});
