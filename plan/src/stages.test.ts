import { describe, expect, test } from '@jest/globals';
import type { DataKind } from './migration.ts';
import {
  mirrorsAt,
  type Move,
  moveAllowed,
  moves,
  nextCommand,
  nextMove,
  ownerOf,
  type Stage,
  stages,
  streamsAt,
} from './stages.ts';

// The whole table of docs/architecture.md, the life of a context: every stage, move and data kind; what is not listed is refused.
const allowed: Record<
  'replicated' | 'flags',
  Partial<Record<Stage, Partial<Record<Move, Stage>>>>
> = {
  replicated: {
    monolith: { replicate: 'replicating' },
    replicating: { shadow: 'shadowing', rollback: 'monolith' },
    shadowing: { canary: 'canary', rollback: 'replicating' },
    canary: { cutover: 'service', rollback: 'shadowing' },
    service: { rollback: 'canary', retire: 'retired' },
  },
  flags: {
    monolith: { shadow: 'shadowing' },
    shadowing: { canary: 'canary', rollback: 'monolith' },
    canary: { cutover: 'service', rollback: 'shadowing' },
    service: { rollback: 'canary', retire: 'retired' },
  },
};
const kinds: DataKind[] = ['none', 'shared', 'replicated'];
const cases = kinds.flatMap((data) =>
  stages.flatMap((stage) =>
    moves.map(
      (move) =>
        [
          data,
          stage,
          move,
          allowed[data === 'replicated' ? 'replicated' : 'flags'][stage]?.[move],
        ] as const,
    ),
  ),
);

describe('moves', () => {
  test.each(cases)('%s: at %s, %s leads to %s', (data, stage, move, to) => {
    const decision = moveAllowed(stage, data, move);
    if (to) expect(decision).toEqual({ allowed: true, to });
    else
      expect(decision).toMatchObject({
        allowed: false,
        reason: expect.stringMatching(/possible|nothing to replicate/),
      });
  });

  test('from every stage but the last a move leads on, until the context is retired', () => {
    for (const data of kinds) {
      let stage: Stage = 'monolith';
      const way: Stage[] = [stage];
      for (let move = nextMove(stage, data); move; move = nextMove(stage, data)) {
        const decision = moveAllowed(stage, data, move);
        if (!decision.allowed) throw new Error(decision.reason);
        way.push((stage = decision.to));
      }
      expect(way).toEqual(
        data === 'replicated' ? stages : stages.filter((name) => name !== 'replicating'),
      );
    }
  });

  test('the owner changes at service, and with nothing else', () => {
    expect(stages.map(ownerOf)).toEqual([
      'monolith',
      'monolith',
      'monolith',
      'monolith',
      'service',
      'service',
    ]);
  });

  test('the next command names the command, not the move', () => {
    expect(nextCommand('catalog', 'shadowing', 'replicated')).toBe('strangler ramp catalog');
    expect(nextCommand('catalog', 'retired', 'replicated')).toBeUndefined();
  });
});

test.each([
  ['monolith', false, false],
  ['replicating', true, false],
  ['shadowing', true, true],
  ['canary', true, true],
  ['service', true, true],
  ['retired', false, false],
] as const)('at %s changes stream: %s, and reads are mirrored: %s', (stage, streams, mirrors) => {
  expect([streamsAt(stage), mirrorsAt(stage)]).toEqual([streams, mirrors]);
});

test('a move that is refused says why, and what is possible', () => {
  const reason = (...asked: Parameters<typeof moveAllowed>): unknown => {
    const decision = moveAllowed(...asked);
    return decision.allowed ? decision.to : decision.reason;
  };
  expect(reason('monolith', 'none', 'replicate')).toBe(
    "a context with data 'none' has nothing to replicate",
  );
  expect(reason('monolith', 'replicated', 'canary')).toBe(
    'ramp is not possible at stage monolith; possible: replicate',
  );
  expect(reason('canary', 'replicated', 'replicate')).toBe(
    'replicate is not possible at stage canary; possible: cutover, rollback',
  );
  expect(reason('retired', 'replicated', 'rollback')).toBe(
    'rollback is not possible at stage retired; possible: nothing, the move is over',
  );
});
