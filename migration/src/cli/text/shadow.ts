import type { ShadowResult } from '../../steps/shadow.ts';
import { table } from './table.ts';
import { trafficText } from './traffic.ts';

const rulesIn = (detail: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const { propose } = detail;
  return typeof propose === 'object' && propose !== null ? { ...propose } : {};
};

/** What the samples of each route propose for its `compare`, each rule once. */
function proposals({ samples }: ShadowResult): string[] {
  const routes = new Map<string, Map<string, Map<string, unknown>>>();
  for (const { route, detail } of samples) {
    for (const [rule, values] of Object.entries(rulesIn(detail))) {
      if (!Array.isArray(values)) continue;
      const rules = routes.get(route) ?? new Map<string, Map<string, unknown>>();
      const known = rules.get(rule) ?? new Map<string, unknown>();
      for (const value of values) known.set(JSON.stringify(value), value);
      routes.set(route, rules.set(rule, known));
    }
  }
  return [...routes].map(([route, rules]) => {
    const text = [...rules].map(([rule, values]) => `${rule}: ${literal([...values.values()])}`);
    return `${route} could have, if that is all right:  compare: { ${text.join(', ')} }`;
  });
}

/** As a context file spells it. */
function literal(value: unknown): string {
  if (typeof value === 'string')
    return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${literal(inner)}`)
      .join(', ')} }`;
  return JSON.stringify(value);
}

/** A difference in the order of lists only is called that: it may mean nothing. */
function outcomeText({ outcome, detail }: ShadowResult['samples'][number]): string {
  const { differences } = detail;
  const onlyOrder =
    Array.isArray(differences) &&
    differences.length > 0 &&
    differences.every(
      (each: unknown) => typeof each === 'object' && each !== null && 'onlyOrder' in each,
    );
  return onlyOrder ? `${outcome} (order only)` : outcome;
}

const short = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
};

/** What was asked, and where the two answers part. */
function foundText({ detail }: ShadowResult['samples'][number]): string {
  const { method, path, query, differences, cause } = detail;
  const asked = [method, path].filter((part) => typeof part === 'string').join(' ');
  const names = Array.isArray(query) && query.length > 0 ? `?${query.join('&')}` : '';
  const parts = (Array.isArray(differences) ? differences : [])
    .filter((each): each is Record<string, unknown> => typeof each === 'object' && each !== null)
    .map(
      (each) =>
        `${String(each['path'])}: monolith ${short(each['reference'])}, service ${short(each['candidate'])}`,
    );
  if (typeof cause === 'string') parts.push(cause);
  const more = parts.length > 3 ? [`and ${parts.length - 3} more (--json shows all)`] : [];
  return [`${asked}${names}`, ...parts.slice(0, 3), ...more].join('\n      ');
}

const outcomes = [
  ['error', 'candidate-error'],
  ['timeout', 'candidate-timeout'],
  ['stale', 'stale'],
  ['uncomparable', 'uncomparable'],
  ['dropped', 'dropped'],
] as const;

/** What never happened has no column: with all of them a table is wider than many a terminal. */
function comparedText({ routes }: ShadowResult): string[] {
  if (routes.length === 0) return ['nothing compared yet'];
  const happened = (one: (typeof outcomes)[number]): boolean =>
    routes.some(({ counts }) => counts[one[1]] > 0);
  const shown = outcomes.filter(happened);
  const never = outcomes.filter((one) => !happened(one)).map(([name]) => name);
  return [
    table([
      ['route', 'compared', 'match', 'differ', ...shown.map(([name]) => name)],
      ...routes.map(({ route, compared, counts }) =>
        [
          route,
          compared,
          counts.match,
          counts.mismatch,
          ...shown.map(([, outcome]) => counts[outcome]),
        ].map(String),
      ),
    ]),
    ...(never.length > 0 ? [`none: ${never.join(', ')}`] : []),
  ];
}

/** Counts of each read route, samples of what differed, and rules that would make it the same. */
export const shadowText = (result: ShadowResult): string =>
  [
    `${result.context}: stage ${result.stage}; ${trafficText(result.traffic)}`,
    ...comparedText(result),
    ...result.samples
      // nothing differs for good in what was only behind
      .filter(({ outcome }) => outcome !== 'stale')
      .map(
        (sample) => `${sample.at}  ${sample.route}  ${outcomeText(sample)}  ${foundText(sample)}`,
      ),
    ...proposals(result),
  ].join('\n');
