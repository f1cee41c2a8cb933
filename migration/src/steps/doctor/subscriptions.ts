import { bothSides } from '@strangler-toolkit/plan';
import { acceptedSubscriptions, readSubscriptions } from '../../surroundings/subscriptions.ts';
import type { ContextCheck } from './context-check.ts';

/** What a subscription writes row by row fires no trigger of a statement, and carries an origin: neither fence nor stream sees it. */
export const subscriptions: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'subscriptions', expected: 'can be examined' },
  async run({ kit, definition, report }) {
    for (const side of bothSides) {
      const accepted = acceptedSubscriptions(definition, side);
      const found = await kit.withDatabase(definition, side, (client) =>
        readSubscriptions(client, side, definition),
      );
      const names = found
        .filter(({ table }) => !accepted.has(table))
        .map(({ relation, enabled }) => (enabled ? relation : `${relation} (disabled)`));
      if (names.length === 0) continue;
      report({
        check: `${side} subscriptions`,
        ok: false,
        expected: 'no subscription of PostgreSQL writes to mapped tables',
        actual: [...new Set(names)].join(', '),
        remedy:
          'What it writes passes the fence unseen, and is not sent to the other side. DROP SUBSCRIPTION, or take the tables out of ' +
          `its publication and ALTER SUBSCRIPTION … REFRESH PUBLICATION. If it does no harm: subscriptions.${side} of the context file.`,
      });
    }
  },
};
