import { bothSides, type Side } from '@strangler-toolkit/plan';
import type { ContextRow } from '../../control/index.ts';
import { contextTables, fenceStatus } from '../../cutover/index.ts';
import type { FenceOpenings } from '../../replica/fence-marks.ts';
import { fenceHeldSince } from '../fence-held.ts';
import type { ContextCheck } from './context-check.ts';

function expectedModes(row: ContextRow, side: Side): readonly string[] {
  if (side === 'service' && row.stage === 'monolith') return ['none'];
  return row.owner === side ? ['none', 'audit'] : ['refuse'];
}

/** The side that does not own the data refuses writes; the owner's does not. */
export const fences: ContextCheck = {
  needs: ['monolith database', 'service database', 'undisputed owner'],
  attempt: { check: 'fences', expected: 'can be examined' },
  async run({ kit, definition, report }) {
    const row = await kit.row(definition);
    const { context } = definition;
    for (const side of bothSides) {
      const fence = await kit.withDatabase(definition, side, (client) =>
        fenceStatus(client, context, contextTables(definition)[side]),
      );
      const expected = expectedModes(row, side);
      const open =
        fence.open.length > 0 && fence.mode !== 'none' ? ` (open: ${fence.open.join(', ')})` : '';
      const passes =
        fence.passesReplica.length === 0
          ? ''
          : `, passed in replica role: strangler fence rearm ${context} ends that`;
      report({
        check: `${side} fence`,
        ok: expected.includes(fence.mode),
        expected: expected.join(' or '),
        actual: `${fence.mode}${open}${passes}`,
        remedy:
          `The ${row.owner} owns ${context}. If no move is running: strangler fence rearm ${context} closes the side that ` +
          `does not own; strangler ${row.owner === 'monolith' ? 'replicate' : 'rollback'} ${context} brings fences and owner together.`,
      });
    }
  },
};

/** Whoever opened one left no trace in the stream. What keeps it from being asked is told above. */
export const fenceHeld: ContextCheck = {
  needs: ['monolith database', 'service database', 'undisputed owner'],
  async run({ kit, definition, report }) {
    const { context } = definition;
    const held = await fenceHeldSince(kit, definition, await kit.row(definition));
    if (held === undefined) return;
    const { side, openings, verified } = held;
    report({
      kind: 'fence opened',
      check: `${side} fence held`,
      ok: openings.opened === 0 || verified,
      expected: 'nobody opened it since it was set, or everything was compared afterwards',
      actual: heldText(openings, verified),
      remedy:
        `Writes in between left no trace. Find who does that (a restore script, a bulk load); strangler fence rearm ` +
        `${context} sets the fence anew, strangler verify ${context} compares.`,
    });
  },
};

function heldText({ opened, noticed, since }: FenceOpenings, verified: boolean): string {
  if (opened === 0) return `since ${since}`;
  return `opened ${opened} times since ${since}${verified ? ', verified since' : ''}; the last time: ${noticed.join(', ')}`;
}
