import { describe, expect, test } from '@jest/globals';
import type { GateFacts } from './gate-facts.ts';
import { evaluateGates } from './gates.ts';
import { defaultGates } from './gate-settings.ts';
import type { MigrationDefinition } from './migration.ts';
import { judgeReference } from './reference-gates.ts';
import { carriesOn } from './one-way-problems.ts';
import { moveAllowed, moves, nextCommand, stages, storedKind } from './stages.ts';
import { alone as fileAlone, together } from '../test/support/validity.ts';

const sides = {
  monolith: { url: 'http://m', database: { env: 'SHOP' } },
  service: { url: 'http://s', database: { env: 'ORDERS' } },
};
const countries: MigrationDefinition = {
  context: 'countries',
  data: 'reference',
  ...sides,
  routes: [],
  tables: [{ monolith: 'countries', service: [{ table: 'countries', columns: { code: 'code' } }] }],
};
const orders: MigrationDefinition = {
  context: 'orders',
  data: 'replicated',
  ...sides,
  reads: ['countries'],
  routes: [],
  tables: [{ monolith: 'orders', service: [{ table: 'orders', columns: { id: 'id' } }] }],
};
const alone = (changes: Partial<MigrationDefinition>): string =>
  fileAlone({ ...countries, ...changes }, 'c.ts');

describe('the file of a reference', () => {
  test('has tables and both databases, and nothing that requests or a way back would need', () => {
    expect(alone({})).toBe('valid');
    expect(alone({ tables: [] })).toContain('tables is missing: a reference context needs');
    for (const [field, value] of Object.entries({
      identity: ['header:x'],
      standInSeconds: 1,
      noWriteRoutes: 'none',
      reads: ['users'],
      sequences: [{ monolith: 'a', service: 'b' }],
      writtenTogether: { monolith: { a: { reason: 'x' } } },
      contracts: { pacts: 'pacts', provider: 'x' },
      cutover: { sequenceGap: 1 },
    }))
      expect(alone({ [field]: value })).toContain(`c.ts: ${field} is not for data: 'reference'`);
    expect(
      alone({ routes: [{ name: 'list', method: 'GET', path: '/c', kind: 'read' }] }),
    ).toContain('c.ts: routes must be empty');
    const [table] = countries.tables ?? [];
    if (table === undefined) throw new Error('no table');
    expect(
      alone({ tables: [{ ...table, leave: { name: { onReturn: 'default', reason: 'x' } } }] }),
    ).toContain("c.ts: tables[0].leave is not for data: 'reference'");
    expect(alone({ tables: [{ ...table, ids: { code: { reason: 'x' } } }] })).toContain(
      "c.ts: tables[0].ids is not for data: 'reference'",
    );
  });

  test('is named by contexts that read it, in the database where it is kept', () => {
    expect(together(countries, orders)).toBe('valid');
    expect(together(orders)).toBe('orders.ts: reads[0] "countries" is no context of this folder');
    expect(
      together({ ...orders, context: 'lines', reads: ['orders'], tables: [] }, orders),
    ).toContain(
      `reads[0] "orders" has data 'replicated': only contexts with data 'reference' can be read`,
    );
    const elsewhere = { ...orders, service: { url: 'http://s', database: { env: 'OTHER' } } };
    expect(together(countries, elsewhere)).toContain('a service can read only what is in its own');
    // Stateless, but for what it reads.
    const { tables: _none, ...stateless } = orders;
    expect(together(countries, { ...stateless, data: 'none', service: { url: 'http://s' } })).toBe(
      'valid',
    );
  });

  test('may read a table that another context owns, for as many services as want it, each in tables of its own', () => {
    const owner = { ...orders, context: 'places', reads: [], tables: countries.tables ?? [] };
    const other = {
      ...countries,
      context: 'countries-too',
      service: { url: 'http://t', database: { env: 'OTHER' } },
    };
    const places = { ...owner, service: { url: 'http://p', database: { env: 'PLACES' } } };
    expect(together(countries, other, places)).toBe('valid');
    expect(together(countries, { ...countries, context: 'countries-too' })).toBe(
      'countries-too.ts: tables[0].service[0].table "countries" belongs to countries.ts tables[0] already',
    );
    expect(together(countries, owner)).toContain('belongs to countries.ts tables[0] already');
  });
});

test('a reference replicates and goes back to the monolith, and every other move is refused with what to do', () => {
  expect(storedKind('reference')).toBe('replicated');
  expect(moveAllowed('monolith', 'reference', 'replicate')).toEqual({
    allowed: true,
    to: 'replicating',
  });
  expect(moveAllowed('replicating', 'reference', 'rollback')).toEqual({
    allowed: true,
    to: 'monolith',
  });
  for (const stage of stages)
    for (const move of moves.filter((name) => name !== 'replicate' && name !== 'rollback'))
      expect(moveAllowed(stage, 'reference', move)).toMatchObject({
        allowed: false,
        reason: expect.stringContaining("is not for data 'reference': the monolith goes on owning"),
      });
  expect(nextCommand('countries', 'replicating', 'reference')).toBeUndefined();
});

const wellKept: GateFacts = {
  context: 'countries',
  data: 'reference',
  stage: 'replicating',
  copyComplete: true,
  workerAlive: true,
  lagSeconds: 0.1,
  verification: { differences: 0, ageSeconds: 99_999 },
  openDeadLetters: 0,
  decisions: true,
};

test.each<[string, Partial<GateFacts>, string]>([
  ['a copy under way', { copyComplete: false }, 'initial-copy: not complete'],
  ['a dead worker', { workerAlive: false }, 'lag: no worker is alive'],
  ['lag', { lagSeconds: 9 }, 'lag: 9 s'],
  [
    'a differing row',
    { verification: { differences: 1, ageSeconds: 1 } },
    'verification: 1 differing rows, 1 s old',
  ],
  ['no verification', { verification: undefined }, 'verification: never verified'],
  ['a dead letter', { openDeadLetters: 2 }, 'dead-letters: 2 open'],
])('%s of a reference bars those that read it, with what to type', (_name, changes, problem) => {
  const fact = judgeReference('shadow', { ...wellKept, ...changes }, defaultGates);
  expect(fact).toMatchObject({ context: 'countries', problem });
  expect(fact.remedy).toContain('countries');
});

test('a cutover asks a reference for a fresh verification and its decisions, a shadow for neither', () => {
  const open = { ...wellKept, decisions: { problem: '1 open', remedy: 'decide' } };
  expect(judgeReference('shadow', open, defaultGates)).toEqual({ context: 'countries' });
  expect(judgeReference('cutover', open, defaultGates).problem).toContain('verification');
  const fresh = { ...open, verification: { differences: 0, ageSeconds: 1 } };
  expect(judgeReference('cutover', fresh, defaultGates).problem).toBe('decisions: 1 open');
});

describe('the gate of a context that reads references', () => {
  const asked = (move: 'shadow' | 'rollback', changes: Partial<GateFacts>) =>
    evaluateGates(
      move,
      { context: 'orders', data: 'none', stage: 'monolith', ...changes },
      defaultGates,
    );

  test('passes when each is alike, names the first that is not, and never passes what is not known', () => {
    const reads = ['countries', 'users'];
    const missing = { context: 'users', problem: 'lag: 9 s', remedy: 'wait', command: 'do' };
    expect(
      [
        { reads, references: reads.map((context) => ({ context })) },
        { reads, references: [{ context: 'countries' }, missing] },
        { reads, references: [{ context: 'countries' }] },
        { reads },
      ].map((facts) =>
        asked('shadow', facts).map(({ ok, actual, command }) => [ok, actual, command]),
      ),
    ).toEqual([
      [[true, 'countries, users: alike', undefined]],
      [[false, 'users: lag: 9 s', 'do']],
      [[false, 'users is not known', 'strangler doctor orders']],
      [[false, 'countries is not known', 'strangler doctor orders']],
    ]);
    expect(asked('shadow', {})).toEqual([]);
    expect(asked('rollback', { reads })).toEqual([]);
  });

  test('is no part of a retirement, which ends what references carry on from the monolith', () => {
    const retiring = (readers: readonly string[]) =>
      evaluateGates(
        'retire',
        { context: 'orders', data: 'replicated', stage: 'service', readers },
        defaultGates,
      )
        .filter(({ gate }) => gate === 'readers')
        .map(({ ok, actual }) => [ok, actual]);
    expect(retiring(['copies (replicating)'])).toEqual([
      [false, 'carried on by copies (replicating)'],
    ]);
    expect(retiring([])).toEqual([]);
    const places: MigrationDefinition = {
      ...orders,
      tables: (countries.tables ?? []).map((table) => ({ ...table, monolith: 'public.countries' })),
    };
    const elsewhere = { ...countries, monolith: { ...sides.monolith, database: { env: 'OTHER' } } };
    expect(
      [countries, elsewhere, { ...countries, data: 'replicated' as const }].map((other) =>
        carriesOn(other, places),
      ),
    ).toEqual([true, false, false]);
    expect([carriesOn(countries, orders), carriesOn(countries, countries)]).toEqual([false, false]);
  });

  test('keeps a reference streaming as long as somebody reads it', () => {
    const goingBack = (readers?: readonly string[]) =>
      evaluateGates('rollback', { ...wellKept, ...(readers && { readers }) }, defaultGates).map(
        ({ gate, ok }) => [gate, ok],
      );
    expect([goingBack([]), goingBack(['orders (service)']), goingBack()]).toEqual([
      [['readers', true]],
      [['readers', false]],
      [['readers', false]],
    ]);
  });
});
