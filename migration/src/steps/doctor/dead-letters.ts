import { askDeadLetters } from '../data-facts.ts';
import type { ContextCheck } from './context-check.ts';

/** Rows that wait for a person: until then a reader of the owner's sees what the other side lacks. */
export const deadLetters: ContextCheck = {
  needs: ['replicated data', 'monolith database', 'service database'],
  async run({ kit, definition, row, report }) {
    if (row.stage === 'monolith') return;
    const { open } = await askDeadLetters(kit, definition, row);
    if (open === undefined) return;
    report({
      check: 'dead letters',
      ok: open === 0,
      expected: 'none open',
      actual: `${open} open`,
      remedy:
        `strangler dead-letters list ${definition.context} has each with its reason; mend the cause, then ` +
        `strangler dead-letters replay ${definition.context} --all`,
    });
  },
};
