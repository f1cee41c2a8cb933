import { bothSides, isOneWay } from '@strangler-toolkit/plan';
import { parseTableName } from '../../database/identifiers.ts';
import { namedTables } from '../../mapping/load.ts';
import { readReferences, referenceText } from '../../surroundings/seen-references.ts';
import type { ContextCheck } from './context-check.ts';

/** What no catalog knows and no gate can ask for: told, for somebody to answer for it. */
export const references: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  attempt: { check: 'references without a key', expected: 'can be looked for' },
  async run({ kit, definition, report }) {
    if (isOneWay(definition.data)) return;
    const named = namedTables(definition);
    for (const side of bothSides) {
      const tables = named[side].map(({ name }) => parseTableName(name));
      const found = await kit.withDatabase(definition, side, (client) =>
        readReferences(client, tables),
      );
      for (const { about, told } of found.map((one) => referenceText(one, side)))
        report({
          check: about,
          ok: true,
          expected: 'somebody answers for it after the cutover',
          actual: told,
        });
    }
  },
};
