import type { ForgottenRoutes } from '../../steps/routes/forgotten-routes.ts';
import type { ForgottenRoute } from '../../steps/routes/write-tally.ts';
import { table } from './table.ts';

const howSure = ({ verdict, certain, possible, alone, byChance }: ForgottenRoute): string =>
  [
    ...(certain > 0 ? [`certain: ${certain} named it`] : []),
    ...(possible > 0
      ? [
          `${verdict === 'likely' ? 'likely' : 'possibly'}: ${possible} meanwhile, ${alone} of them alone, ` +
            `${byChance} by chance`,
        ]
      : []),
  ].join('; ');

const requestsText = ({ method, requests }: ForgottenRoute): string =>
  method === null ? 'not told' : String(requests);

const claimText = ({ claimedBy, claimedAs }: ForgottenRoute): string =>
  claimedBy === null ? 'nobody' : claimedAs === 'read' ? `${claimedBy}, as a read` : claimedBy;

/** Noticeable, where the slack of a join ends. */
const gapTold = 1_000;

/** Which requests that a context does not claim wrote its tables, and what else the audit fence logged. */
export function forgottenText(found: ForgottenRoutes): string[] {
  const { context, routes, joined, logged, claimed, past, beforeRecord, clockGapMs } = found;
  if (joined === 0) return [];
  const jobs = past.map(({ application, writes }) => `${application || 'no name'} ${writes}`);
  const count = past.reduce((sum, { writes }) => sum + writes, 0);
  return [
    ...(routes.length === 0
      ? [`no request but the writes of ${context} is known to have written its tables`]
      : [
          `requests that ${context} does not claim as writes, and that wrote its tables:`,
          table([
            ['method', 'path', 'requests', 'writes', 'tables', 'claimed by', 'how sure'],
            ...routes.map((route) => [
              route.method ?? 'any',
              route.path,
              requestsText(route),
              String(route.certain + route.possible),
              route.tables.join(', '),
              claimText(route),
              howSure(route),
            ]),
          ]),
        ]),
    `of ${logged} logged writes, ${joined} were joined with the requests of facades: ${claimed} by writes of ${context}, ` +
      `${count} while no facade had a write under way${jobs.length > 0 ? ` (${jobs.join(', ')})` : ''}` +
      (beforeRecord > 0 ? `, ${beforeRecord} before facades kept a record` : ''),
    ...(Math.abs(clockGapMs) >= gapTold
      ? [
          `the monolith's database is ${clockGapMs} ms ahead of the control database, which was taken off`,
        ]
      : []),
  ];
}

/** The same for every context whose audit fence logged something, and why one could not be looked at. */
export const wroteText = ({
  forgotten,
  problems,
}: {
  readonly forgotten: readonly ForgottenRoutes[];
  readonly problems: readonly { readonly context: string; readonly problem: string }[];
}): string[] => [
  ...forgotten.flatMap(forgottenText),
  ...forgotten
    .filter(({ logged }) => logged === 0)
    .map(
      ({ context }) =>
        `which of them write tables of ${context} is not known: strangler fence audit ${context} on, then look again`,
    ),
  ...problems.map(({ context, problem }) => `${context} could not be looked at: ${problem}`),
];
