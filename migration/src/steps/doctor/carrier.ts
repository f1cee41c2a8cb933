import { streamsAt } from '@strangler-toolkit/plan';
import { voidSince } from '../../identity/void-since.ts';
import { carrierOf } from '../../stream/choose-transport.ts';
import type { ContextCheck } from './context-check.ts';

/** Whether what carries the changes has begun anew since rows were compared; that nothing was compared yet is for the gates to say. */
export const carrier: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'session of the transport', expected: 'can be compared' },
  async run({ kit, definition, control, row, moving, report, identityNow }) {
    const { context } = definition;
    const name = carrierOf(definition, kit.env);
    if (name === undefined || !streamsAt(row.stage) || moving) return;
    const last = await control.evidence.latest(context, 'verification', row.epoch);
    if (!last?.ok) return;
    const since = voidSince(last.detail.identity, await identityNow(), ['carrier']);
    report({
      check: `${name} since the last verification`,
      ok: since === undefined,
      expected: 'reads the log in one go',
      actual: since ?? 'the same session',
      remedy: `strangler verify ${context} looks whether rows are missing`,
    });
  },
};
