import { plainRequest } from './plain-request.ts';
import type { Recorded } from './recorded-answers.ts';

/**
 * What the monolith is asked again because the recording holds no answer: each target once, the answer is asked for now, not then.
 * Never what could be a person's or a secret: a token that is good for once would be spent, a link confirmed.
 */
export const toAsk = (
  template: string,
  recorded: readonly Recorded[],
  limit: number,
): readonly Recorded[] =>
  distinct(
    recorded.filter(
      (each) => isUnanswered(each) && plainRequest(each.target, template) !== undefined,
    ),
  ).slice(0, limit);

/** How many targets are kept back. */
export const keptBack = (template: string, recorded: readonly Recorded[]): number =>
  distinct(
    recorded.filter(
      (each) => isUnanswered(each) && plainRequest(each.target, template) === undefined,
    ),
  ).length;

const isUnanswered = ({ method, answer }: Recorded): boolean =>
  method === 'GET' && answer === undefined;

const distinct = (recorded: readonly Recorded[]): readonly Recorded[] => [
  ...new Map(recorded.map((each) => [`${each.target}\n${each.accept ?? ''}`, each])).values(),
];
