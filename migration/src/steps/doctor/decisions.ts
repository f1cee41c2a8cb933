import { age } from '@strangler-toolkit/plan';
import { isOpen } from '../../surroundings/index.ts';
import { surroundingsOf } from '../surroundings.ts';
import type { ContextCheck } from './context-check.ts';

const watchedText = (context: string, seconds: number | undefined): string =>
  seconds === undefined
    ? `the monolith's log was never watched for it: strangler written-together ${context} --for 1h`
    : `the monolith's log was watched for ${age(seconds)}`;

/** What lies around the mapped rows: one finding for each thing, decided or not. */
export const decisions: ContextCheck = {
  needs: ['monolith database', 'service database'],
  attempt: { check: 'surroundings', expected: 'can be examined' },
  run: async ({ kit, definition, control, report }) => {
    const watched = await control.together.watched(definition.context, 'monolith');
    report({
      check: 'written together',
      ok: true,
      expected: 'decided',
      actual: watchedText(definition.context, watched?.seconds),
    });
    for (const one of await surroundingsOf(kit, definition)) {
      const { kind, about: check } = one;
      if (isOpen(one))
        report({
          kind,
          check,
          ok: false,
          expected: 'decided',
          actual: one.problem,
          remedy: one.remedy,
        });
      else report({ kind, check, ok: true, expected: 'decided', actual: one.decision });
    }
  },
};
