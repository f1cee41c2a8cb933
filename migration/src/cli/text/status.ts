import {
  bothSides,
  earlierVerificationText,
  p99Text,
  parseFlagName,
  STAND_INS_SECONDS,
  replicates,
} from '@strangler-toolkit/plan';
import type { RouteShadow } from '../../control/index.ts';
import { copyingText } from '../../copy/copying-text.ts';
import { retryText, workerFailure, workerRetry } from '../../findings/worker-retry.ts';
import type { StreamHealth } from '../../stream/stream-health.ts';
import { recentSeconds, type SideHealth } from '../../steps/side-health.ts';
import type { ContextStatus } from '../../steps/status.ts';
import { whatDiffers } from '../../steps/what-differs.ts';
import type { Terminal } from '../terminal.ts';
import { referenceLines } from './references.ts';
import { flagShare } from './flag-share.ts';
import { trafficText } from './traffic.ts';
import { age, bytes, share } from './units.ts';

function workerState(worker: NonNullable<ContextStatus['worker']>): string {
  const { workerAlive, state, heartbeatAgeSeconds, detail } = worker;
  const failure = workerFailure(worker);
  if (detail.paused === true)
    return `COPY PAUSED (--resume goes on)${workerAlive ? '' : `, worker not alive (${state}, ${age(heartbeatAgeSeconds)} ago)`}`;
  if (workerAlive && state === 'copying') return copyingText(detail);
  if (workerAlive)
    return failure === undefined ? state : `TRIES AGAIN after ${failure.code}: ${failure.message}`;
  const ago = `${age(heartbeatAgeSeconds)} ago`;
  const retry = workerRetry(worker);
  return state === 'failed' && failure !== undefined
    ? `FAILED ${ago}${retry ? `, ${retryText(retry)}` : ''}: ${failure.code}: ${failure.message}`
    : `not alive (${state}, ${ago})`;
}

/** Of the direction that runs now: a position of an epoch before is about the other way. */
function lagText({ worker, epoch }: ContextStatus): string {
  if (worker && worker.epoch !== epoch) return `not known since epoch ${epoch}`;
  if (!worker || worker.lagSeconds === null) return 'not known';
  return (
    `${worker.lagSeconds.toFixed(2)} s, watermark ${worker.appliedLsn ?? '–'}` +
    (worker.lagBytes === null ? '' : `, ${worker.lagBytes} bytes`)
  );
}

const verificationText = (last: NonNullable<ContextStatus['verification']>): string =>
  `${whatDiffers(last)}; ${String(last.detail.rowsCompared)} compared, ${age(last.ageSeconds)} ago`;

const deadLettersText = ({ deadLetters, deadLettersProblem }: ContextStatus): string =>
  deadLettersProblem === null ? String(deadLetters ?? '–') : `not known: ${deadLettersProblem}`;

const pactsText = ({ ok, monolith, service }: NonNullable<ContextStatus['pacts']>): string =>
  ok
    ? 'hold on both sides'
    : `monolith ${monolith ? 'ok' : 'FAILS'}, service ${service ? 'ok' : 'FAILS'}`;

/** Slot, connector and topics: [name, text] for each line. */
function streamLines({
  transport,
  slot,
  connector,
  partitions,
  beatAgeSeconds,
  problems,
}: StreamHealth): [string, string][] {
  const waiting =
    partitions?.reduce(
      (sum, { applied, oldest, end }) => sum + end - Math.max(applied, oldest),
      0,
    ) ?? 0;
  const room =
    slot?.safeBytes === null || slot?.safeBytes === undefined
      ? ''
      : `, ${bytes(Math.max(0, slot.safeBytes))} until it is lost`;
  return [
    [
      'slot',
      slot
        ? `${slot.active ? 'read' : 'NOT READ'}, ${bytes(slot.behindBytes)} behind, ` +
          `${bytes(slot.keptBytes)} of log kept (${slot.walStatus})${room}`
        : problems.some((problem) => problem.startsWith('DB_'))
          ? 'not known'
          : 'MISSING',
    ],
    ...(transport === 'kafka' && connector
      ? [
          [
            'connector',
            `${connector.state}, task ${connector.tasks.join(', ') || 'none'}` +
              (connector.failure === null ? '' : `: ${connector.failure}`) +
              (beatAgeSeconds === null ? '' : `, last beat ${age(beatAgeSeconds)} ago`),
          ] satisfies [string, string],
        ]
      : []),
    ...(partitions
      ? [
          [
            'topics',
            `${partitions.length} partitions, ${waiting} messages not applied${partitions
              .filter(({ applied, end }) => end > applied)
              .slice(0, 5)
              .map(
                ({ topic, partition, applied, end }) =>
                  `; ${topic.split('.').slice(1).join('.')}/${partition} ${applied} of ${end}`,
              )
              .join('')}`,
          ] satisfies [string, string],
        ]
      : []),
    ...problems.map((problem): [string, string] => ['problem', problem]),
  ];
}

/** The context stands above already. */
const routeOf = (flag: string): string => {
  const meaning = parseFlagName(flag);
  return meaning?.kind === 'route' ? meaning.route : flag;
};

/** A worker that goes on by an older context file than the one that lies there. */
function notTakenLines({ detail }: NonNullable<ContextStatus['worker']>): string[] {
  const notTaken = detail.notTaken as { code: string; message: string } | undefined;
  return notTaken === undefined
    ? []
    : [`works by the context file before: ${notTaken.code}: ${notTaken.message}`];
}

/** An answer that came too late or not at all is no other answer. */
function noticedText({ counts, compared }: RouteShadow): string {
  const { mismatch, 'candidate-error': errors, 'candidate-timeout': timeouts } = counts;
  return [
    `${mismatch} differ (${share(mismatch, compared)})`,
    ...(errors === 0 ? [] : [`${errors} errors (${share(errors, compared)})`]),
    ...(timeouts === 0 ? [] : [`${timeouts} time-outs (${share(timeouts, compared)})`]),
  ].join(', ');
}

/** Whether it answers, and what its clients saw of it. */
function sideText(
  { health, recent }: SideHealth,
  allowed: ContextStatus['allowed'],
  terminal: Pick<Terminal, 'style'>,
): string {
  const state = health.up ? `up (${health.how})` : terminal.style('red', `DOWN: ${health.why}`);
  const { requests, errors, refused, p99Ms } = recent;
  const may = (limit: string): string => (allowed ? ` (allowed ${limit})` : '');
  return requests === 0
    ? `${state}; no request in the last ${recentSeconds / 60} min`
    : `${state}; last ${recentSeconds / 60} min: ${requests} requests, ` +
        `${share(errors, requests)} errors${may(share(allowed?.errorPercent ?? 0, 100))}, ` +
        (refused === null || refused === 0 ? '' : `${share(refused, requests)} refused (4xx), `) +
        `p99 ${p99Text(p99Ms)}${may(`${allowed?.p99Ms ?? 0} ms`)}`;
}

function fenceText(
  { side, opened, since, noticed, verified }: NonNullable<ContextStatus['fence']>,
  terminal: Pick<Terminal, 'style'>,
): string {
  const told = `${opened} times on the ${side} since ${since}`;
  return verified
    ? `opened ${told}, verified since`
    : terminal.style('red', `OPENED ${told}, the last time: ${noticed.join(', ')}`);
}

/** One context on one screen. */
export function statusText(status: ContextStatus, terminal: Pick<Terminal, 'style'>): string {
  const line = (name: string, text: string): string => `  ${name.padEnd(13)} ${text}`;
  const { worker } = status;
  const replicated = replicates(status.data);
  // a reference has no requests
  const trafficLines = [
    line(
      'pacts',
      status.pacts
        ? `${pactsText(status.pacts)}, ${age(status.pacts.ageSeconds)} ago`
        : 'never verified',
    ),
    line(
      'facades',
      `${status.facades.alive} alive` +
        (status.facades.gone > 0 ? `, ${status.facades.gone} gone` : '') +
        (status.facades.behind > 0 ? `, ${status.facades.behind} behind` : ''),
    ),
    ...(status.facades.otherPlan.length > 0
      ? [
          line(
            '',
            terminal.style(
              'red',
              `OTHER CONTEXT FILE than here: ${status.facades.otherPlan.join(', ')} (/health/ready says why)`,
            ),
          ),
        ]
      : []),
    ...(status.shadow.length > 0
      ? status.shadow.map((route, index) =>
          line(
            index === 0 ? 'shadow' : '',
            `${route.route}: ${route.compared} compared, ${noticedText(route)}, ` +
              `${route.counts.stale} stale, ${route.counts.dropped} dropped` +
              (route.counts.uncomparable === 0
                ? ''
                : `, ${route.counts.uncomparable} not comparable`),
          ),
        )
      : [line('shadow', 'nothing compared')]),
  ];
  const flagLines = [
    line('traffic', trafficText(status.traffic)),
    ...(status.flags === null
      ? [line('flags', `not known: ${status.flagsProblem ?? ''}`)]
      : [
          line(
            'flags',
            status.flags.map((flag) => `${routeOf(flag.name)} ${flagShare(flag)}`).join(', ') ||
              'none',
          ),
        ]),
  ];
  const lines = [
    `${terminal.style('bold', status.context)}  stage ${terminal.style('cyan', status.stage)}, ` +
      `owner ${status.owner} (epoch ${status.epoch}), data ` +
      `${status.data}${status.held ? ', WRITES ARE HELD' : ''}`,
    ...(status.working
      ? [line('at work', `${status.working.move} by ${status.working.holder}`)]
      : []),
    ...(replicated
      ? [
          line(
            'worker',
            worker
              ? `${workerState(worker)}, ${worker.direction}, ${worker.rowsApplied} rows applied` +
                  (typeof worker.detail.held === 'string'
                    ? `; READING AGAIN: ${worker.detail.held}`
                    : '')
              : 'never seen',
          ),
          ...(worker ? notTakenLines(worker).map((text) => line('', text)) : []),
          line('lag', lagText(status)),
          ...(status.stream
            ? streamLines(status.stream).map(([name, text]) => line(name, text))
            : []),
          line(
            'verification',
            status.verification
              ? verificationText(status.verification)
              : status.earlierVerification
                ? earlierVerificationText(status.earlierVerification)
                : 'never',
          ),
          ...(status.fence ? [line('fence', fenceText(status.fence, terminal))] : []),
          line('dead letters', deadLettersText(status)),
        ]
      : []),
    ...referenceLines(status, terminal).map(([name, text]) => line(name, text)),
    ...(status.data === 'reference' ? [] : trafficLines),
    ...bothSides.map((side) =>
      line(
        side,
        sideText(status.sides[side], side === 'service' ? status.allowed : null, terminal),
      ),
    ),
    ...(status.standIn
      ? [
          line(
            '',
            terminal.style(
              'red',
              `${status.standIn.reads} reads of the last ${STAND_INS_SECONDS / 60} min were answered by the ` +
                `${status.standIn.side} for an owner that was dead`,
            ),
          ),
        ]
      : []),
    ...(status.untold
      ? [
          line('broker', terminal.style('red', `NOT TOLD: ${status.untold.why}`)),
          line('', status.untold.command),
        ]
      : []),
    ...(status.data === 'reference' ? [] : flagLines),
    ...(status.nextMove
      ? status.gates.map((gate, index) =>
          line(
            index === 0 ? `→ ${status.nextMove}` : '',
            `${gate.ok ? terminal.style('green', '✓') : terminal.style('red', '✗')} ` +
              `${gate.gate}: ${gate.actual}${gate.ok ? '' : ` (needs: ${gate.expected})`}`,
          ),
        )
      : []),
    ...(status.nextCommand ? [line('next', terminal.style('bold', status.nextCommand))] : []),
    ...(status.because ? [line('', status.because)] : []),
  ];
  return lines.join('\n');
}
