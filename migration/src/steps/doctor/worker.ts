import { directionFrom, streamsAt } from '@strangler-toolkit/plan';
import type { Watermark } from '../../control/index.ts';
import { retryText, workerFailure, workerRetry } from '../../findings/worker-retry.ts';
import type { ContextCheck } from './context-check.ts';

export const worker: ContextCheck = {
  needs: ['replicated data'],
  async run({ definition, control, row, report }) {
    if (!streamsAt(row.stage)) return;
    const watermark = await control.watermarks.get(definition.context, directionFrom(row.owner));
    report({
      check: 'worker',
      expected: 'alive',
      ...told(watermark),
      remedy: remedyOf(watermark) ?? `strangler replicate ${definition.context}`,
    });
  },
};

/** One whose stream was opened again and has not got past its failure is alive, and none the better for it. */
function told(watermark: Watermark | undefined): { ok: boolean; actual: string } {
  if (watermark === undefined) return { ok: false, actual: 'never seen' };
  const { state, workerAlive, heartbeatAgeSeconds } = watermark;
  const failure = workerFailure(watermark);
  const retry = workerRetry(watermark);
  const tries = retry ? `${retryText(retry)}, ` : workerAlive && failure ? 'tries again, ' : '';
  return {
    ok: workerAlive && failure === undefined,
    actual:
      `${state}, ${tries}heartbeat ${heartbeatAgeSeconds.toFixed(1)} s ago` +
      (failure ? `: ${failure.code}: ${failure.message}` : ''),
  };
}

function remedyOf(watermark: Watermark | undefined): string | undefined {
  if (watermark === undefined || workerFailure(watermark) === undefined) return undefined;
  const { remedy } = watermark.detail;
  if (watermark.state === 'failed' && typeof remedy === 'string') return remedy;
  const retries = watermark.workerAlive || workerRetry(watermark)?.heard === true;
  return retries ? 'Mend what it failed at: it goes on by itself.' : undefined;
}
