import { bothSides, type Side } from '@strangler-toolkit/plan';
import type { ContextRow } from '../../control/index.ts';
import { contextTables, fenceStatus } from '../../cutover/index.ts';
import type { ContextCheck } from './context-check.ts';

function expectedModes(row: ContextRow, side: Side): readonly string[] {
  if (side === 'service' && row.stage === 'monolith') return ['none'];
  return row.owner === side ? ['none', 'audit'] : ['refuse'];
}

/** The side that does not own the data refuses writes; the owner's does not. */
export const fences: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'fences', expected: 'can be examined' },
  async run({ kit, definition, report }) {
    const row = await kit.row(definition);
    const again = row.owner === 'monolith' ? 'replicate' : 'rollback';
    for (const side of bothSides) {
      const fence = await kit.withDatabase(definition, side, (client) =>
        fenceStatus(client, definition.context, contextTables(definition)[side]),
      );
      const expected = expectedModes(row, side);
      const open =
        fence.open.length > 0 && fence.mode !== 'none' ? ` (open: ${fence.open.join(', ')})` : '';
      report({
        check: `${side} fence`,
        ok: expected.includes(fence.mode),
        expected: expected.join(' or '),
        actual: `${fence.mode}${open}`,
        remedy:
          `The ${row.owner} owns ${definition.context}. If no move is running, run strangler ` +
          `${again} ${definition.context} again: it brings fences and owner together.`,
      });
    }
  },
};
