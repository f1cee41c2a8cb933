import type { Reason } from '@strangler-toolkit/plan';
import type { RouteExplanation } from '../../steps/routes/explain-route.ts';
import type { RouteList, RouteRow } from '../../steps/routes/list-routes.ts';
import { table } from './table.ts';

const askedFor = ({ path, when }: Pick<RouteRow, 'path' | 'when'>): string =>
  [path, ...when].join(', ');

/** Every route of the contexts, and whose its data is now. */
export const routesText = ({ routes, ownersProblem }: RouteList): string =>
  [
    table([
      ['method', 'path', 'route', 'kind', 'data', 'owner'],
      ...routes.map(({ method, path, when, context, route, kind, data, owner, stage }) => [
        method,
        askedFor({ path, when }),
        `${context}.${route}`,
        kind,
        data,
        owner === null ? 'not known' : `${owner} (${stage})`,
      ]),
    ]),
    ...(ownersProblem === null ? [] : [`owners are not known: ${ownersProblem}`]),
  ].join('\n');

const reasons: Readonly<Record<Reason, string>> = {
  owner: 'it owns the data, and no flag moves that',
  flag: 'the flag says so',
  kill: 'the kill switch is on',
  stage: 'flags steer from canary on',
  pin: 'this reader wrote, or nothing streams: the other side may not have it yet',
  'pin-unknown': 'whether the other side has what this reader wrote is not known',
  'flag-unknown': 'the flag does not exist',
  'breaker-open': 'the other side does not answer',
  ceiling: 'the service had as many reads this second as rampCeiling allows',
  tester: "a tester's token says so, whatever the percentage",
  unclaimed: 'no context claims it: it passes byte for byte',
};

const nearOnes = 5;

function graphqlLines(graphql: RouteExplanation['graphql']): [string, string][] {
  if (!graphql) return [];
  const { operation, outcome, routes, others } = graphql;
  const also = routes.length > 1 && outcome === 'one' ? routes.join(' and ') : undefined;
  return [
    ...(operation === null ? [] : [['asks for', operation] satisfies [string, string]]),
    ...(also === undefined
      ? []
      : [
          ['routes', `${also}: the service has it where all their flags say so`] satisfies [
            string,
            string,
          ],
        ]),
    ...(others.length === 0 || operation === null
      ? []
      : [['nobody’s', others.join(', ')] satisfies [string, string]]),
  ];
}

/** Why a request to a path with GraphQL routes is nobody's, or not one context's. */
function graphqlClaim(graphql: RouteExplanation['graphql']): string {
  if (!graphql) return 'nobody';
  const { outcome, because, routes } = graphql;
  switch (outcome) {
    case 'not-said':
      return `what it asks for says: ${routes.join(', ')} (give the document with --graphql)`;
    case 'two-owners':
      return `409 GRAPHQL_TWO_OWNERS: ${because}`;
    case 'unreadable':
      return `400 GRAPHQL_UNREADABLE: ${because}`;
    case 'monolith':
      return because === null
        ? `${routes.join(' and ')}: the monolith has all of it`
        : `nobody knows (${because}): the monolith has all that it could be`;
    case 'one':
    case 'nobody':
    case 'unknown-document':
      return 'nobody';
  }
}

function verdictLines(explained: RouteExplanation): [string, string][] {
  const { verdict, because, canonical, upstreamTarget, override, readings, route } = explained;
  const claimed =
    route && `${route.context}.${route.route} (${route.method} ${askedFor(route)}), ${route.kind}`;
  return [
    ['canonical', canonical ?? 'none'],
    ...graphqlLines(explained.graphql),
    [
      'claimed by',
      verdict === 'refused' && because !== null
        ? `nobody may say, 400 PATH_REFUSED: ${because}`
        : (claimed ?? graphqlClaim(explained.graphql)),
    ],
    ...readings.map(({ path, because: why, route: name }): [string, string] => [
      'also read as',
      `${path}: ${name ?? 'nobody’s'} (${why})`,
    ]),
    ...(override === null
      ? []
      : [
          ['may be', `${override}: what could be a write counts as one`] satisfies [string, string],
        ]),
    ...(upstreamTarget === null
      ? []
      : [['upstream gets', upstreamTarget] satisfies [string, string]]),
  ];
}

function flagText({ flags, route }: RouteExplanation): string {
  if (!flags || flags.problem !== null) return `not known: ${flags?.problem ?? ''}`;
  const { killed, route: flag } = flags;
  const others = flag?.otherStrategies ?? 0;
  return [
    flag?.exists
      ? `${flag.percent} % of ${flag.byRequest ? 'requests' : 'identities'} to the service`
      : 'not made',
    ...(flag?.identities ? ['all of those who are named'] : []),
    ...(others > 0 ? [`${others} rules that people added`] : []),
    ...(killed ? [`the kill switch of ${route?.context} is ON`] : []),
  ].join(', ');
}

function pinText({ pins, identity }: RouteExplanation): string {
  const who =
    identity?.found === 0
      ? identity.sources.length === 0
        ? 'the context has no identity'
        : `nobody is named (${identity.sources.join(', ')})`
      : 'this identity';
  if (!pins) return '';
  if (pins.since !== null) return `${who}: reads the owner since the write of ${pins.since}`;
  return pins.streams
    ? `${who}: not pinned; ${pins.count} others are`
    : `nothing streams in this epoch: reads stay with the owner`;
}

function testerText({ tester, route }: RouteExplanation): string {
  if (!tester?.counts) return `counts for nothing: ${tester?.because ?? ''}`;
  const reads = `reads of ${tester.contexts.join(', ')} by the ${tester.side} (${tester.because})`;
  if (route?.kind === 'write') return `${reads}; this is a write`;
  return tester.contexts.includes(route?.context ?? '') ? reads : `${reads}; not of this context`;
}

const answerText = ({ answers, ownersProblem }: RouteExplanation): string[] =>
  answers.length === 0
    ? [`not known: ${ownersProblem ?? 'nobody'}`]
    : answers.map(({ target, percent, reason }) =>
        percent === null
          ? `${target}, or not, as the flag says`
          : `${target}${percent === 100 ? '' : ` for ${percent} %`}: ${reasons[reason]}`,
      );

function servedLines(explained: RouteExplanation): [string, string][] {
  const { route, held, ownersProblem, shadowPercent } = explained;
  if (!route) return explained.verdict === 'unclaimed' ? answerLines(explained) : [];
  const steered = route.kind === 'read' || route.data !== 'replicated';
  return [
    [
      'owner',
      route.owner === null
        ? `not known: ${ownersProblem}`
        : `${route.owner} (epoch ${route.epoch}, stage ${route.stage}), data ${route.data}` +
          (held ? ', WRITES ARE HELD' : ''),
    ],
    ...(steered ? [['flag', flagText(explained)] satisfies [string, string]] : []),
    ...(explained.pins ? [['pin', pinText(explained)] satisfies [string, string]] : []),
    ...(explained.tester ? [['tester', testerText(explained)] satisfies [string, string]] : []),
    ...answerLines(explained),
    ...(route.kind === 'read'
      ? [
          [
            'shadow',
            shadowPercent === null ? 'not known' : `${shadowPercent} % are mirrored`,
          ] satisfies [string, string],
        ]
      : []),
  ];
}

const answerLines = (explained: RouteExplanation): [string, string][] =>
  answerText(explained).map((text, index) => [index === 0 ? 'answers' : '', text]);

/** One request on one screen: whose it is, who answers, and what spoke against the others. */
export function explanationText(explained: RouteExplanation): string {
  const { request, others } = explained;
  const line = ([name, text]: readonly [string, string]): string => `  ${name.padEnd(13)} ${text}`;
  const fitting = others.filter(({ pathFits }) => pathFits);
  const near = others.filter(({ pathFits, shared }) => !pathFits && shared > 0).slice(0, nearOnes);
  const left = others.length - fitting.length - near.length;
  const shown = [...fitting, ...near].map(
    ({ route, method, path, because }) => `${route} (${method} ${path}): ${because}`,
  );
  return [
    `${request.method} ${request.target}`,
    ...[...verdictLines(explained), ...servedLines(explained)].map(line),
    ...[...shown, ...(left > 0 ? [`${left} routes of other paths`] : [])].map((text, index) =>
      line([index === 0 ? 'not' : '', text]),
    ),
  ].join('\n');
}
