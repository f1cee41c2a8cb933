import { describe, expect, test } from '@jest/globals';
import { stages } from '@strangler-toolkit/plan';
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
});

describe('the choice of a side', () => {
  test('no flag, freshness or breaker ever moves a write of a replicated context', () =>
    fc.assert(
      fc.property(input, (one) => {
        if (one.view.dataKind === 'replicated' && one.kind === 'write')
          expect(decide(one).target).toBe(one.view.owner);
      }),
    ));
  test('a read of a replicated context leaves its owner only when the other side is fresh, the stage allows it and the flag says so', () =>
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
        expect(one.flags.route).toBe(target === 'service');
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
