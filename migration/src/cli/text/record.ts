import type { RecordResult } from '../../steps/contracts/record.ts';

/** What was drafted, whether it holds, and then what the traffic did not show: the part that a person has to add. */
export function recordText(result: RecordResult): string {
  const verdicts = new Map(result.verified.map((each) => [each.description, each]));
  const drafted = result.interactions.flatMap(({ description, write, answers, states, notes }) => {
    const verdict = verdicts.get(description);
    const holds = verdict?.ok ? 'holds' : 'DOES NOT HOLD';
    const said = write && !verdict ? 'not verified: a write, which --writes sends' : holds;
    return [
      `${description}: from ${answers} answers, ${said}`,
      ...(verdict?.ok === false ? [`  ${verdict.mismatch.replaceAll('\n', '\n  ')}`] : []),
      ...states.map(({ name, params }) => `  given ${name}${parameters(params)}`),
      ...notes.map(({ at, note }) => `  ${at}: ${note}`),
    ];
  });
  const kept = result.verified.filter(({ ok }) => ok).length;
  return [
    ...drafted,
    ...notCovered(result),
    '',
    `wrote ${result.file}: ${kept} of ${result.verified.length} interactions hold on the monolith` +
      (result.asked > 0 ? `, which was asked ${result.asked} of the requests again` : ''),
    'A draft says what was answered, not what somebody needs: take out what no client relies on,',
    'name the states, then move it to your pacts.',
  ].join('\n');
}

/** What the traffic did not show: the part that a person has to add. */
export function notCovered({
  coverage,
  unread,
}: Pick<RecordResult, 'coverage' | 'unread'>): string[] {
  const missing = grouped(
    coverage
      .filter(({ gaps }) => gaps.length > 0)
      .map(({ route, statuses, gaps }) => ({
        gap: gaps.join('; '),
        route: asked(route, statuses),
      })),
  );
  return [
    ...(missing.length > 0 ? ['', 'not covered by this traffic:', ...missing] : []),
    ...(unread > 0 ? [`${unread} lines of the recording could not be read`] : []),
  ];
}

const parameters = (params: Readonly<Record<string, string>>): string => {
  const named = Object.entries(params).map(([name, value]) => `${name} = ${value}`);
  return named.length === 0 ? '' : ` (${named.join(', ')})`;
};

/** `GET /x (200 ×3, 404 ×1)` */
const asked = (route: string, statuses: Readonly<Record<string, number>>): string => {
  const seen = Object.entries(statuses).map(([status, count]) => `${status} ×${count}`);
  return seen.length === 0 ? route : `${route} (${seen.join(', ')})`;
};

/** What is missing alike is read once. */
function grouped(list: readonly { readonly gap: string; readonly route: string }[]): string[] {
  const routes = new Map<string, string[]>();
  for (const { gap, route } of list) routes.set(gap, [...(routes.get(gap) ?? []), route]);
  return [...routes].map(([gap, which]) => `  ${gap}: ${which.join(', ')}`);
}
