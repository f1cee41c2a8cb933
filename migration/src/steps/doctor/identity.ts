import { directionFrom, otherSide, streamsAt } from '@strangler-toolkit/plan';
import type { Identity } from '../../identity/identity.ts';
import { changesText, whatChanged } from '../../identity/what-changed.ts';
import { readIdentityRow } from '../../replica/identities.ts';
import type { ContextCheck } from './context-check.ts';

export const identity: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database', 'undisputed owner'],
  attempt: { check: 'identity of tables', expected: 'can be compared' },
  async run({ kit, definition, row, moving, report, identityNow }) {
    if (!streamsAt(row.stage) || moving) return;
    const { context } = definition;
    const direction = directionFrom(row.owner);
    const known = await kit.withDatabase(definition, otherSide(row.owner), (client) =>
      readIdentityRow<Identity>(client, { context, direction }),
    );
    // The worker of this epoch has not begun, which its own check tells.
    if (known?.epoch !== row.epoch) return;
    const changes = whatChanged(known.identity, await identityNow()).filter(
      ({ severity }) => severity !== 'void',
    );
    const stops = changes.some(({ severity }) => severity === 'stop');
    report({
      check: 'tables',
      ok: changes.length === 0,
      expected: 'those whose rows were applied, and published as they were',
      actual: changes.length === 0 ? 'the same' : changesText(changes),
      remedy: stops
        ? `strangler replicate ${context} --reread compares them and goes on; --restart copies anew`
        : `A running worker reads it again by itself: strangler status ${context} tells when it is done`,
    });
  },
};
