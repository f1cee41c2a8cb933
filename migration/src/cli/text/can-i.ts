import type { CanIResult } from '../../steps/can-i.ts';

/** The verdict, every gate with what it found, and what to type for the first that refuses. */
export function canIText({
  context,
  asked,
  stage,
  yes,
  forbidden,
  gates,
  broker,
  nextCommand,
}: CanIResult): string {
  const lines = gates.map(({ gate, ok, actual, expected }) =>
    ok ? `✓ ${gate}: ${actual}` : `✗ ${gate}: ${actual} (needs: ${expected})`,
  );
  if (broker) {
    const { pacticipant, version = 'of an unknown version', environment, reason } = broker;
    const sign = broker.deployable === true ? '✓' : '✗';
    lines.push(`${sign} broker: ${pacticipant} ${version} in ${environment}: ${reason}`);
  }
  const verdict = yes
    ? `yes: ${asked} ${context} (stage ${stage})`
    : `no: ${asked} ${context} (stage ${stage})${forbidden === undefined ? '' : `: ${forbidden}`}`;
  return [...lines, verdict, ...(nextCommand === undefined ? [] : [`next: ${nextCommand}`])].join(
    '\n',
  );
}
