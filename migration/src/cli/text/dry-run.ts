import type { DryRun } from '../../steps/step.ts';

/** What would be done, numbered, and why it would be refused. */
export function dryRunText(dry: DryRun): string {
  const lines = dry.actions.map(
    (action, index) => `${index + 1}. ${action.action}${action.detail ? `: ${action.detail}` : ''}`,
  );
  return [
    ...lines,
    ...(dry.refusal ? [`refused (${dry.refusal.code}): ${dry.refusal.message}`] : []),
  ].join('\n');
}
