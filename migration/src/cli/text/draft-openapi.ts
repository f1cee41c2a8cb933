import type { DraftOpenapiResult } from '../../steps/contracts/draft-openapi.ts';
import { notCovered } from './record.ts';

/** What was described, and then what the traffic did not show. */
export function draftOpenapiText(result: DraftOpenapiResult): string {
  const described = result.described.flatMap(({ route, status, answers, notes }) => [
    `${route} ${status}: from ${answers} ${status === 'request body' ? 'requests' : 'answers'}`,
    ...notes.map(({ at, note }) => `  ${at}: ${note}`),
  ]);
  return [
    ...described,
    ...notCovered(result),
    '',
    `wrote ${result.file}: OpenAPI 3.1` +
      (result.asked > 0 ? `; the monolith was asked ${result.asked} of the requests again` : ''),
    'It says what was answered, not what is promised: name what clients may rely on, then serve it.',
  ].join('\n');
}
