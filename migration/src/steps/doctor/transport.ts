import { directionFrom, streamsAt } from '@strangler-toolkit/plan';
import { streamEnds } from '../stream-ends.ts';
import type { ContextCheck } from './context-check.ts';

export const transport: ContextCheck = {
  needs: ['replicated data', 'undisputed owner'],
  attempt: { check: 'transport', expected: 'configured' },
  async run({ kit, definition, control, row, moving, reachable, report }) {
    const chosen = kit.transport(definition);
    if (!reachable.monolith || !reachable.service || moving) return;
    const direction = directionFrom(row.owner);
    const watermark = await control.watermarks.get(definition.context, direction);
    const begun = watermark !== undefined && watermark.state !== 'copying';
    await chosen.check(
      {
        forward: streamEnds(kit, definition, 'forward'),
        reverse: streamEnds(kit, definition, 'reverse'),
      },
      { streaming: streamsAt(row.stage) ? { direction, begun } : null, report },
    );
  },
};
