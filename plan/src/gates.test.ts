import { describe, expect, test } from '@jest/globals';
import type { GateFacts } from './gate-facts.ts';
import { commandToGoOn, evaluateGates, gatesOf, gatesPass } from './gates.ts';
import { defaultGates } from './gate-settings.ts';
import type { DataKind } from './migration.ts';
import { type Move, moves, type Stage } from './stages.ts';

const facts = (changes: Partial<GateFacts> = {}): GateFacts => ({
  context: 'catalog',
  data: 'replicated',
  stage: 'shadowing',
  ...changes,
});
const good: Partial<GateFacts> = {
  databases: true,
  replicaIdentity: true,
  mapping: true,
  decisions: true,
  writeRoutes: { count: 1, noneBecause: undefined },
  publicationAndSlot: true,
  copyComplete: true,
  workerAlive: true,
  lagSeconds: 0.2,
  wayBack: true,
  verification: { differences: 0, ageSeconds: 10 },
  openDeadLetters: 0,
  pacts: { monolith: true, service: true },
  shadow: [{ route: 'list', compared: 5000, mismatches: 0 }],
  facades: { alive: 2, stale: [], behind: [] },
  otherPlan: [],
  ownedDays: 20,
  readsOnMonolith: 0,
  strayWrites: 0,
};
const said = (deployable: boolean | null) => ({
  about: 'shop 1 in production',
  deployable,
  reason: 'because',
});
const gatesFor = (move: Move, data: DataKind, stage: Stage): string[] =>
  evaluateGates(move, facts({ data, stage }), defaultGates).map((gate) => gate.gate);
const refused = (move: Move, changes: Partial<GateFacts>): string[] =>
  evaluateGates(move, facts({ ...good, ...changes }), defaultGates)
    .filter((gate) => !gate.ok)
    .map((gate) => gate.gate);

describe('which gates a move has', () => {
  test.each<[Move, Stage, string[]]>([
    ['replicate', 'monolith', ['databases', 'replica-identity', 'mapping', 'publication-and-slot']],
    ['shadow', 'replicating', ['initial-copy', 'lag', 'verification']],
    ['canary', 'shadowing', ['pacts', 'shadow-reads', 'mismatches', 'context-files']],
    ['canary', 'canary', ['pacts', 'context-files']],
    [
      'cutover',
      'canary',
      [
        'lag',
        'verification',
        'dead-letters',
        'pacts',
        'decisions',
        'write-routes',
        'facades',
        'context-files',
        'way-back',
      ],
    ],
    ['rollback', 'service', ['lag', 'dead-letters', 'facades']],
    ['rollback', 'canary', []],
    ['retire', 'service', ['owned-for', 'reads-on-monolith', 'stray-writes', 'context-files']],
  ])('replicated: %s at %s needs %j', (move, stage, gates) =>
    expect(gatesFor(move, 'replicated', stage)).toEqual(gates),
  );

  test.each<[Move, Stage, string[]]>([
    ['shadow', 'monolith', []],
    ['canary', 'shadowing', ['pacts', 'shadow-reads', 'mismatches', 'context-files']],
    ['canary', 'canary', ['pacts', 'context-files']],
    ['cutover', 'canary', ['pacts', 'shadow-reads', 'mismatches', 'context-files']],
    ['rollback', 'service', []],
    ['retire', 'service', ['owned-for', 'reads-on-monolith', 'context-files']],
  ])('data of its own or none: %s at %s needs %j', (move, stage, gates) => {
    expect(gatesFor(move, 'none', stage)).toEqual(gates);
    expect(gatesFor(move, 'shared', stage)).toEqual(gates);
  });
});

test('failures and time-outs are told apart from other answers', () => {
  const failed = { errors: 2, timeouts: 30 };
  const shadow = [{ route: 'list', compared: 1000, mismatches: 40, failed }];
  const gates = evaluateGates('canary', facts({ ...good, shadow }), defaultGates);
  expect(gates.find(({ gate }) => gate === 'mismatches')?.actual).toBe(
    'list 4 % (8 differ, 2 errors, 30 time-outs)',
  );
});

test('a Pact Broker that is down is no yes, and the refusal says how to go on without it', () => {
  const broker = { ...said(null), problem: 'BROKER_UNREACHABLE: no answer', remedy: 'Start it.' };
  const gate = evaluateGates('cutover', facts({ ...good, broker }), defaultGates).at(-1);
  expect(gate).toMatchObject({
    gate: 'can-i-deploy',
    actual: 'not verified: BROKER_UNREACHABLE: no answer',
    remedy: expect.stringMatching(/^Start it\. .*--no-broker --reason "why"/),
  });
});

describe('what gates say', () => {
  test('nothing passes on facts that are not known', () => {
    for (const move of moves) {
      for (const gate of evaluateGates(move, facts({ stage: 'service' }), defaultGates))
        expect([move, gate.gate, gate.ok]).toEqual([move, gate.gate, false]);
    }
  });

  test('every move passes when everything is well, and every refusal has a remedy', () => {
    for (const move of moves) {
      expect(
        gatesPass(evaluateGates(move, facts({ ...good, stage: 'service' }), defaultGates)),
      ).toBe(true);
      for (const gate of gatesOf(move, 'replicated', 'service').map((rule) =>
        rule(facts(), defaultGates),
      ))
        expect(gate.remedy).not.toBe('');
    }
  });

  test.each<[string, Move, Partial<GateFacts>, string[]]>([
    ['lag over the limit', 'shadow', { lagSeconds: 5.1 }, ['lag']],
    ['lag at the limit passes', 'shadow', { lagSeconds: 5 }, []],
    [
      'a worker that is dead, whatever its last lag',
      'cutover',
      { workerAlive: false, lagSeconds: 0 },
      ['lag'],
    ],
    ['a copy that is under way', 'shadow', { copyComplete: false }, ['initial-copy']],
    [
      'one differing row',
      'shadow',
      { verification: { differences: 1, ageSeconds: 1 } },
      ['verification'],
    ],
    [
      'an old verification still counts for shadowing',
      'shadow',
      { verification: { differences: 0, ageSeconds: 999_999 } },
      [],
    ],
    [
      'an old verification does not count for a cutover',
      'cutover',
      { verification: { differences: 0, ageSeconds: 3601 } },
      ['verification'],
    ],
    [
      'a verification of what is not there any more',
      'cutover',
      { verification: { differences: 0, ageSeconds: 1, voidSince: 'table a was exchanged' } },
      ['verification'],
    ],
    [
      'a verification that compared nothing',
      'shadow',
      { verification: { differences: 0, ageSeconds: 1, notCompared: 'it left out a' } },
      ['verification'],
    ],
    ['one dead letter', 'cutover', { openDeadLetters: 1 }, ['dead-letters']],
    [
      'pacts of which a tool let one pass',
      'canary',
      { pacts: { monolith: true, service: true, notVerified: ['service: a: marked pending'] } },
      ['pacts'],
    ],
    [
      'pacts that were written anew since',
      'canary',
      { pacts: { monolith: true, service: true, voidSince: 'other pacts' } },
      ['pacts'],
    ],
    [
      'pacts that hold on one side only',
      'canary',
      { pacts: { monolith: true, service: false } },
      ['pacts'],
    ],
    ...(['canary', 'cutover'] as const).flatMap(
      (move): [string, Move, Partial<GateFacts>, string[]][] => [
        [`a yes of the Pact Broker: ${move}`, move, { broker: said(true) }, []],
        [`a no of the Pact Broker: ${move}`, move, { broker: said(false) }, ['can-i-deploy']],
        [`a broker that does not know: ${move}`, move, { broker: said(null) }, ['can-i-deploy']],
        [
          `a broker that is down: ${move}`,
          move,
          { broker: { ...said(true), problem: 'BROKER_UNREACHABLE' } },
          ['can-i-deploy'],
        ],
        [
          `a broker that nobody wants asked: ${move}`,
          move,
          { broker: { ...said(null), notAsked: true } },
          [],
        ],
      ],
    ),
    [
      'reads that were compared with another build',
      'canary',
      { shadowVoidSince: 'the service runs another build' },
      ['shadow-reads'],
    ],
    [
      'a route of which nothing was compared, also where nothing is asked for',
      'canary',
      { shadow: [{ route: 'list', compared: 0, mismatches: 0 }] },
      ['shadow-reads', 'mismatches'],
    ],
    [
      'one route with too few compared reads',
      'canary',
      {
        shadow: [
          { route: 'list', compared: 5000, mismatches: 0 },
          { route: 'detail', compared: 999, mismatches: 0 },
        ],
      },
      ['shadow-reads'],
    ],
    [
      'a mismatch rate at the limit passes',
      'canary',
      { shadow: [{ route: 'list', compared: 1000, mismatches: 1 }] },
      [],
    ],
    [
      'a mismatch rate over the limit in one route, however large the others',
      'canary',
      {
        shadow: [
          { route: 'list', compared: 100_000, mismatches: 0 },
          { route: 'detail', compared: 1000, mismatches: 2 },
        ],
      },
      ['mismatches'],
    ],
    [
      'something around the rows that nobody decided',
      'cutover',
      { decisions: { problem: '1 open' } },
      ['decisions'],
    ],
    [
      'no write route',
      'cutover',
      { writeRoutes: { count: 0, noneBecause: undefined } },
      ['write-routes'],
    ],
    [
      'no write route, with the reason in the file',
      'cutover',
      { writeRoutes: { count: 0, noneBecause: 'a job imports them' } },
      [],
    ],
    [
      'no write route, without data of its own',
      'cutover',
      { data: 'none', writeRoutes: { count: 0, noneBecause: undefined } },
      [],
    ],
    ['no facade', 'cutover', { facades: { alive: 0, stale: [], behind: [] } }, ['facades']],
    [
      'no facade needed',
      'cutover',
      { facades: { alive: 0, stale: [], behind: [], notNeeded: true } },
      [],
    ],
    [
      'a facade on an old epoch',
      'cutover',
      { facades: { alive: 2, stale: [], behind: ['b'] } },
      ['facades'],
    ],
    [
      'a facade that is gone does not block',
      'cutover',
      { facades: { alive: 1, stale: ['b'], behind: [] } },
      [],
    ],
    ...(['canary', 'cutover', 'retire'] as const).map(
      (move): [string, Move, Partial<GateFacts>, string[]] => [
        `a facade that serves by another file: ${move}`,
        move,
        { otherPlan: ['b'] },
        ['context-files'],
      ],
    ),
    [
      'a facade that serves by another file, without data of its own',
      'cutover',
      { data: 'none', otherPlan: ['b'] },
      ['context-files'],
    ],
    [
      'a facade that serves by another file does not bar the way back',
      'rollback',
      { stage: 'service', otherPlan: ['b'] },
      [],
    ],
    ['thirteen days', 'retire', { ownedDays: 13 }, ['owned-for']],
    ['a read on the monolith', 'retire', { readsOnMonolith: 1 }, ['reads-on-monolith']],
    ['a stray write', 'retire', { strayWrites: 1 }, ['stray-writes']],
  ])('%s', (_name, move, changes, expected) => expect(refused(move, changes)).toEqual(expected));

  test('settings of the context change what is asked', () => {
    expect(
      gatesPass(
        evaluateGates('canary', facts({ shadow: [], otherPlan: [] }), {
          ...defaultGates,
          pacts: false,
        }),
      ),
    ).toBe(true);
    expect(
      gatesPass(
        evaluateGates('shadow', facts({ ...good, lagSeconds: 20 }), {
          ...defaultGates,
          maxLagSeconds: 30,
        }),
      ),
    ).toBe(true);
  });
});

describe('what to type to go on', () => {
  const typed = (move: Move, changes: Partial<GateFacts>): string | undefined =>
    commandToGoOn(
      evaluateGates(move, facts({ ...good, ...changes }), defaultGates),
      'strangler cutover catalog',
    );

  test.each<[string, Move, Partial<GateFacts>, string]>([
    ['nothing is missing', 'cutover', {}, 'strangler cutover catalog'],
    [
      'a copy that is under way',
      'shadow',
      { copyComplete: false },
      'strangler replicate catalog --until-caught-up',
    ],
    ['no worker', 'cutover', { workerAlive: false }, 'strangler replicate catalog'],
    [
      'rows that differ',
      'shadow',
      { verification: { differences: 1, ageSeconds: 1 } },
      'strangler verify catalog',
    ],
    [
      'no write route',
      'cutover',
      { writeRoutes: { count: 0, noneBecause: undefined } },
      'strangler routes discover',
    ],
    ['dead letters', 'cutover', { openDeadLetters: 1 }, 'strangler dead-letters list catalog'],
    [
      'pacts',
      'canary',
      { pacts: { monolith: true, service: false } },
      'strangler contracts verify catalog',
    ],
    [
      'too few reads',
      'canary',
      { shadow: [{ route: 'list', compared: 1, mismatches: 0 }] },
      'strangler shadow catalog --sample 100 --wait 1000',
    ],
    [
      'answers that differ',
      'canary',
      { shadow: [{ route: 'list', compared: 1000, mismatches: 2 }] },
      'strangler shadow catalog',
    ],
    [
      'reads on the monolith',
      'retire',
      { readsOnMonolith: 1 },
      'strangler route catalog --all --percent 100',
    ],
    ['stray writes', 'retire', { strayWrites: 1 }, 'strangler fence status catalog'],
    [
      'a database of which nothing is said',
      'replicate',
      { databases: { problem: 'down' } },
      'strangler doctor catalog',
    ],
    [
      'a finding whose remedy is prose: the move tells it again',
      'replicate',
      { databases: { problem: 'down', remedy: 'Start it.' } },
      'strangler cutover catalog',
    ],
    ['only waiting helps', 'cutover', { lagSeconds: 60 }, 'strangler cutover catalog'],
    [
      'no facade: nothing of this command line starts one',
      'cutover',
      { facades: { alive: 0, stale: [], behind: [] } },
      'strangler cutover catalog',
    ],
    [
      'the first of several',
      'cutover',
      { workerAlive: false, openDeadLetters: 1 },
      'strangler replicate catalog',
    ],
  ])('%s', (_name, move, changes, command) => expect(typed(move, changes)).toBe(command));

  test('a command stands in its remedy, and a gate that lets pass has none', () => {
    for (const move of moves) {
      for (const gate of evaluateGates(move, facts({ stage: 'service' }), defaultGates))
        expect(gate.remedy).toContain(gate.command ?? '');
      for (const gate of evaluateGates(move, facts({ ...good, stage: 'service' }), defaultGates))
        expect(gate.command).toBeUndefined();
    }
  });

  test('a context that has arrived has nothing to type', () =>
    expect(commandToGoOn([], undefined)).toBeUndefined());
});
