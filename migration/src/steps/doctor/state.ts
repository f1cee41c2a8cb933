import { type MigrationDefinition, mirrorsAt, storedKind } from '@strangler-toolkit/plan';
import type { ContextRow, Control } from '../../control/index.ts';
import { unfinishedMoves } from '../../cutover/index.ts';
import type { Report } from '../../findings/check.ts';

/** What the control database says of a context: its data kind, lease, moves and hold. */
export async function checkState(
  control: Control,
  definition: MigrationDefinition,
  row: ContextRow,
  report: Report,
): Promise<{ moving: boolean }> {
  const { context } = definition;
  const kind = storedKind(definition.data);
  const isPast = definition.data === 'reference' && mirrorsAt(row.stage);
  report({
    check: 'data kind',
    ok: (row.dataKind === kind && !isPast) || row.stage === 'monolith',
    expected: isPast ? `${definition.data}, at stage replicating` : kind,
    actual: isPast ? `${row.dataKind}, at stage ${row.stage}` : row.dataKind,
    remedy: `The context began as '${row.dataKind}': set data in the file back, or roll back to stage monolith first.`,
  });
  const lease = await control.leases.get(context);
  const atWork = (lease?.expiresInSeconds ?? 0) > 0;
  const moves = await unfinishedMoves(control, context);
  report({
    check: 'lease',
    ok: !lease || atWork || moves.length === 0,
    expected: 'none left over',
    actual: lease ? `${lease.move} by ${lease.holder}, ${atWork ? 'at work' : 'run out'}` : 'none',
    remedy: 'Run the command again, or start the worker: it finishes or undoes the move.',
  });
  report({
    check: 'unfinished moves',
    ok: moves.length === 0 || atWork,
    expected: 'none',
    actual:
      moves.length === 0 ? 'none' : moves.map((move) => `${move.kind} ${move.moveId}`).join(', '),
    remedy: `Run strangler ${moves[0]?.kind ?? 'cutover'} ${context} again: it finishes or undoes the move first.`,
  });
  report({
    check: 'hold',
    ok: !row.held || atWork,
    expected: 'none outside a move',
    actual: row.held ? `writes held until ${row.holdUntil}` : 'none',
    remedy: 'It runs out by itself.',
  });
  return { moving: moves.length > 0 || atWork };
}
