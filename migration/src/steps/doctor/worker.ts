import { directionFrom, streamsAt } from '@strangler-toolkit/plan';
import type { ContextCheck } from './context-check.ts';

export const worker: ContextCheck = {
  needs: ['replicated data'],
  async run({ definition, control, row, report }) {
    if (!streamsAt(row.stage)) return;
    const watermark = await control.watermarks.get(definition.context, directionFrom(row.owner));
    const { code, message, remedy } = watermark?.state === 'failed' ? watermark.detail : {};
    report({
      check: 'worker',
      ok: watermark?.workerAlive === true && watermark.state !== 'failed',
      expected: 'alive',
      actual: watermark
        ? `${watermark.state}, heartbeat ${watermark.heartbeatAgeSeconds.toFixed(1)} s ago` +
          (typeof code === 'string' ? `: ${code}: ${String(message)}` : '')
        : 'never seen',
      remedy: typeof remedy === 'string' ? remedy : `strangler replicate ${definition.context}`,
    });
  },
};
