import { describe, expect, test } from '@jest/globals';
import { stages } from '../stages.ts';
import fc from 'fast-check';
import { decide, type DecisionInput, homeOf } from './decide.ts';

const input: fc.Arbitrary<DecisionInput> = fc.record({
  kind: fc.constantFrom('read' as const, 'write' as const),
  view: fc.record({
    dataKind: fc.constantFrom('none' as const, 'shared' as const, 'replicated' as const),
    stage: fc.constantFrom(...stages),
    owner: fc.constantFrom('monolith' as const, 'service' as const),
    epoch: fc.constant(1n),
    known: fc.boolean(),
  }),
  flags: fc.record({
    kill: fc.constantFrom(true, false, undefined),
    route: fc.constantFrom(true, false, undefined),
  }),
  freshness: fc.constantFrom('fresh' as const, 'pinned' as const, 'unknown' as const),
  unavailable: fc
    .subarray(['monolith' as const, 'service' as const])
    .map((sides) => new Set(sides)),
  tester: fc.constantFrom('monolith' as const, 'service' as const, undefined),
});

describe('the choice of a side', () => {
  test('no flag, freshness or breaker ever moves a write of a replicated context', () =>
    fc.assert(
      fc.property(input, (one) => {
        if (one.view.dataKind === 'replicated' && one.kind === 'write')
          expect(decide(one).target).toBe(one.view.owner);
      }),
    ));
  test('a read of a replicated context leaves its owner only when the other side is fresh, the stage allows it and the flag or a tester says so', () =>
    fc.assert(
      fc.property(input, (one) => {
        const { target } = decide(one);
        if (one.view.dataKind !== 'replicated' || target === one.view.owner) return;
        expect([one.kind, one.freshness, one.flags.kill === true]).toEqual([
          'read',
          'fresh',
          false,
        ]);
        expect(['canary', 'service']).toContain(one.view.stage);
        if (one.tester === undefined) expect(one.flags.route).toBe(target === 'service');
        else expect(one.tester).toBe(target);
      }),
    ));
  test("a tester's token stands for the flag of a read, and moves nothing else", () =>
    fc.assert(
      fc.property(input, (one) => {
        const without = decide({ ...one, tester: undefined });
        if (one.kind === 'write' || one.tester === undefined) expect(decide(one)).toEqual(without);
        else {
          const flagged = decide({
            ...one,
            tester: undefined,
            flags: { ...one.flags, route: one.tester === 'service' },
          });
          const { target, reason } = decide(one);
          expect(target).toBe(flagged.target);
          expect(reason).toBe(flagged.reason === 'flag' ? 'tester' : flagged.reason);
        }
      }),
    ));
  test('the kill switch brings everything home', () =>
    fc.assert(
      fc.property(input, (one) =>
        expect(decide({ ...one, flags: { ...one.flags, kill: true } }).target).toBe(
          one.view.dataKind === 'replicated' && one.kind === 'write'
            ? one.view.owner
            : homeOf(one.view),
        ),
      ),
    ));
  test('flags steer reads and writes of a stateless context, whatever the stage', () => {
    const view = {
      dataKind: 'none' as const,
      stage: 'monolith' as const,
      owner: 'monolith' as const,
      epoch: 0n,
      known: false,
    };
    for (const kind of ['read', 'write'] as const)
      expect(
        decide({
          kind,
          view,
          flags: { kill: undefined, route: true },
          freshness: 'unknown',
          unavailable: new Set(),
        }),
      ).toEqual({ target: 'service', reason: 'flag' });
  });
});

describe('which side, and why', () => {
  type Given = Partial<Omit<DecisionInput, 'view'>> & { view?: Partial<DecisionInput['view']> };
  const decided = ({ view, ...more }: Given): string => {
    const { target, reason } = decide({
      kind: 'read',
      view: {
        dataKind: 'replicated',
        stage: 'canary',
        owner: 'monolith',
        epoch: 1n,
        known: true,
        ...view,
      },
      flags: { kill: false, route: true },
      freshness: 'fresh',
      unavailable: new Set(),
      ...more,
    });
    return `${target}: ${reason}`;
  };
  const off = { kill: false, route: false };
  const unset = { kill: undefined, route: undefined };
  const kill = { kill: true, route: true };
  const open = new Set(['service'] as const);
  const monolithOpen = new Set(['monolith'] as const);
  const serviceOwns = { stage: 'service', owner: 'service' } as const;
  const shared = { dataKind: 'shared' } as const;
  const retired = { stage: 'retired', owner: 'service' } as const;

  test.each<[string, Given, string]>([
    ['a read of the canary stage follows its flag', {}, 'service: flag'],
    ['… also home', { flags: off }, 'monolith: flag'],
    ['… home when no flag was seen', { flags: unset }, 'monolith: flag-unknown'],
    ['… home when it is killed', { flags: kill }, 'monolith: kill'],
    ['… home when the service is away', { unavailable: open }, 'monolith: breaker-open'],
    ['… home with a write on its way', { freshness: 'pinned' }, 'monolith: pin'],
    ['… home when nobody knows', { freshness: 'unknown' }, 'monolith: pin-unknown'],
    [
      'home is asked though it is away',
      { flags: off, unavailable: monolithOpen },
      'monolith: flag',
    ],
    ['a write follows the owner', { kind: 'write' }, 'monolith: owner'],
    ['… wherever it is', { kind: 'write', view: serviceOwns, flags: kill }, 'service: owner'],
    ['reads may stay after the flip', { view: serviceOwns, flags: off }, 'monolith: flag'],
    [
      '… when they are fresh',
      { view: serviceOwns, flags: off, freshness: 'pinned' },
      'service: pin',
    ],
    ['no flag seen: the owner', { view: serviceOwns, flags: unset }, 'service: flag-unknown'],
    ['no read leaves before the canary', { view: { stage: 'replicating' } }, 'monolith: stage'],
    ['… nor at the beginning', { view: { stage: 'monolith' } }, 'monolith: stage'],
    ['retired: the owner, whatever flags say', { view: retired, flags: kill }, 'service: owner'],
    ['… also of shared data', { view: { ...shared, ...retired }, flags: off }, 'service: owner'],
    ['shared data follows its flag at any stage', { view: shared, kind: 'write' }, 'service: flag'],
    ['… without being fresh', { view: shared, freshness: 'unknown' }, 'service: flag'],
    [
      '… and is home at the monolith',
      { view: { ...shared, ...serviceOwns }, flags: kill },
      'monolith: kill',
    ],
    [
      '… which answers for the service',
      { view: shared, unavailable: open },
      'monolith: breaker-open',
    ],
  ])('%s', (_name, given, expected) => expect(decided(given)).toBe(expected));
});
