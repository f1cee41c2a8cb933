import { describe, expect, test } from '@jest/globals';
import { type OwnerRow, OwnerStates, parseOwnerRow, parseOwnerSnapshot } from './owner-states.ts';

const row: OwnerRow = {
  context: 'items',
  dataKind: 'replicated',
  stage: 'canary',
  owner: 'monolith',
  epoch: 3n,
  holdId: null,
  holdLeftMs: null,
};

function scene(declared: OwnerRow['dataKind'] = 'replicated') {
  const clock = { now: 1_000 };
  const states = new OwnerStates(new Map([['items', declared]]), () => clock.now);
  const heard: unknown[] = [];
  states.on('change', (context) => heard.push(context));
  states.on('regressed', (context, told, known) => heard.push([context, told, known]));
  return { states, clock, heard };
}

describe('what is known of a context', () => {
  test('before anybody told: the monolith owns it, in epoch 0, and it is not known', () => {
    const { states } = scene();
    expect(states.contexts()).toEqual(['items']);
    expect(states.get('items')).toEqual({
      dataKind: 'replicated',
      stage: 'monolith',
      owner: 'monolith',
      epoch: 0n,
      known: false,
      hold: undefined,
    });
    expect(states.get('elsewhere')).toMatchObject({ dataKind: 'none', known: false });
    expect(states.holding('items')).toBeUndefined();
  });

  test('is what was told last, and a change is told once', () => {
    const { states, heard } = scene();
    states.merge(row);
    states.merge(row);
    expect(states.get('items')).toMatchObject({ stage: 'canary', epoch: 3n, known: true });
    expect(heard).toEqual(['items']);
  });

  test.each<[string, Partial<OwnerRow>]>([
    ['the stage', { stage: 'shadowing' }],
    ['the owner, in an epoch of its own', { owner: 'service', epoch: 4n }],
    ['the epoch', { epoch: 4n }],
    ['a hold', { holdId: 'h', holdLeftMs: 500 }],
  ])('%s is news, also within an epoch', (_what, news) => {
    const { states, heard } = scene();
    states.merge(row);
    states.merge({ ...row, ...news });
    expect(heard).toEqual(['items', 'items']);
  });

  test('a first word is news though it says what was assumed', () => {
    const { states, heard } = scene();
    states.merge({ ...row, stage: 'monolith', epoch: 0n });
    expect(heard).toEqual(['items']);
    expect(states.get('items').known).toBe(true);
  });

  test('an older epoch changes nothing and is told as such', () => {
    const { states, heard } = scene();
    states.merge(row);
    states.merge({ ...row, owner: 'service', epoch: 2n, holdId: 'h', holdLeftMs: 900 });
    expect(states.get('items')).toMatchObject({ owner: 'monolith', epoch: 3n });
    expect(states.holding('items')).toBeUndefined();
    expect(heard).toEqual(['items', ['items', 2n, 3n]]);
  });

  test('of a context that no file declares is nothing', () => {
    const { states, heard } = scene();
    states.merge({ ...row, context: 'elsewhere' });
    expect([heard, states.get('elsewhere').known]).toEqual([[], false]);
  });

  test.each([
    ['replicated', 'shared', 'replicated'],
    ['shared', 'replicated', 'replicated'],
    ['none', 'shared', 'shared'],
    ['shared', 'none', 'none'],
  ] as const)('declared %s and told %s it is %s: replication wins', (declared, told, is) => {
    const { states, heard } = scene(declared);
    states.merge({ ...row, dataKind: told });
    expect(states.get('items').dataKind).toBe(is);
    states.merge({ ...row, dataKind: told });
    expect(heard).toEqual(['items']);
  });

  test('another kind of data is news', () => {
    const { states, heard } = scene('none');
    states.merge({ ...row, dataKind: 'none' });
    states.merge({ ...row, dataKind: 'replicated' });
    expect(heard).toEqual(['items', 'items']);
  });
});

describe('a hold', () => {
  test('runs for the time it has left by the clock that set it, and not a moment longer', () => {
    const { states, clock } = scene();
    states.merge({ ...row, holdId: 'h', holdLeftMs: 500 });
    expect(states.holding('items')).toEqual({ id: 'h', until: 1_500 });
    clock.now = 1_499;
    expect(states.holding('items')?.id).toBe('h');
    clock.now = 1_500;
    expect(states.holding('items')).toBeUndefined();
  });

  test('that is prolonged ends later, without news', () => {
    const { states, clock, heard } = scene();
    states.merge({ ...row, holdId: 'h', holdLeftMs: 500 });
    clock.now = 1_400;
    states.merge({ ...row, holdId: 'h', holdLeftMs: 500 });
    expect(heard).toEqual(['items']);
    clock.now = 1_899;
    expect(states.holding('items')?.id).toBe('h');
  });

  test('by another name is another one', () => {
    const { states, heard } = scene();
    states.merge({ ...row, holdId: 'h', holdLeftMs: 500 });
    states.merge({ ...row, holdId: 'i', holdLeftMs: 500 });
    expect([heard, states.holding('items')?.id]).toEqual([['items', 'items'], 'i']);
  });

  test.each([
    ['is over', 'h', 0],
    ['was over long ago', 'h', -1],
    ['has no end', 'h', null],
    ['has no name', null, 500],
  ])('that %s holds nothing', (_what, holdId, holdLeftMs) => {
    const { states } = scene();
    states.merge({ ...row, holdId, holdLeftMs });
    expect(states.get('items').hold).toBeUndefined();
  });
});

describe('on disk', () => {
  test('is what was told, without holds, and comes back known', () => {
    const before = scene();
    before.states.merge({ ...row, owner: 'service', holdId: 'h', holdLeftMs: 500 });
    const saved = parseOwnerSnapshot(JSON.parse(JSON.stringify(before.states.snapshot())));
    const after = scene();
    after.states.restore(saved);
    expect(after.states.get('items')).toEqual({
      ...before.states.get('items'),
      hold: undefined,
    });
  });

  test('is nothing of what was only assumed', () => {
    expect(scene().states.snapshot()).toEqual([]);
  });

  test('never overwrites what was told since', () => {
    const { states } = scene();
    const saved = [{ ...row, epoch: '2', owner: 'service' as const }];
    states.merge(row);
    states.restore(saved);
    expect(states.get('items')).toMatchObject({ owner: 'monolith', epoch: 3n });
  });
});

test('a row comes over the wire as texts', () => {
  expect(parseOwnerRow({ ...row, epoch: '9007199254740993', holdLeftMs: '12.5' })).toMatchObject({
    epoch: 9_007_199_254_740_993n,
    holdLeftMs: 12.5,
  });
  for (const dataKind of ['none', 'shared', 'replicated'])
    expect(parseOwnerRow({ ...row, dataKind }).dataKind).toBe(dataKind);
  expect(() => parseOwnerRow({ ...row, owner: 'nobody' })).toThrow();
  expect(() => parseOwnerRow({ ...row, stage: 'elsewhere' })).toThrow();
  expect(() => parseOwnerRow({ ...row, dataKind: 'other' })).toThrow();
});
