import { StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import type { MoveOutcome } from '../../steps/change-owner.ts';
import {
  type CommonOptions,
  count,
  duration,
  makeCommand,
  percent,
  runStep,
  type Session,
} from '../command.ts';
import { table } from '../terminal.ts';

const force = (common: CommonOptions & { facade?: boolean }) => ({
  ...(common.force && { force: true }),
  ...(common.reason !== undefined && { reason: common.reason }),
  ...(common.facade === false && { noFacade: true }),
});

const outcomeText = (result: MoveOutcome): string =>
  [
    ...result.steps.map(
      (step) => `${step.status.padEnd(7)} ${step.step} (${step.seconds.toFixed(3)} s)`,
    ),
    `${result.context}: stage ${result.stage}, owner ${result.owner}, epoch ${result.epoch}${result.writePauseMs === null ? '' : `, writes waited ${Math.round(result.writePauseMs)} ms`}`,
    ...(result.goneInstances.length > 0
      ? [`facades that were gone: ${result.goneInstances.join(', ')}`]
      : []),
  ].join('\n');

const parseSteps = (text: string): number[] => {
  const steps = text.split(',').map(percent);
  if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0)))
    throw new StranglerError('USAGE', '--steps must grow, e.g. 1,5,25,50,100');
  return steps;
};

export function moveCommands(session: Session): Command[] {
  const replicate = makeCommand({
    usage: 'replicate <context>',
    summary: "copy the context's tables and stream their changes, until Ctrl-C",
    changes: true,
    gated: true,
    description:
      'Begins replication (gates: databases, replica identity, mapping, publication and slot), or goes on where it stopped. The worker runs in this process until Ctrl-C; a second one waits.',
    examples: [
      'replicate catalog',
      'replicate catalog --until-caught-up',
      'replicate catalog --restart --yes',
      'replicate catalog --dry-run',
    ],
  })
    .option('--until-caught-up', 'end when the other side has applied everything')
    .option('--restart', "forget the position, empty the service's tables and copy anew")
    .action(
      async (
        context: string,
        common: CommonOptions & { untilCaughtUp?: boolean; restart?: boolean },
      ) => {
        const { replicate: step } = await import('../../steps/replicate.ts');
        await runStep(
          session,
          common,
          step,
          {
            context,
            ...force(common),
            ...(common.untilCaughtUp && { untilCaughtUp: true }),
            ...(common.restart && { restart: true }),
          },
          {
            ...(common.restart && {
              confirm: `Empty the service's tables of ${context} and copy anew?`,
            }),
            text: (result) =>
              `${result.context}: stage ${result.stage}, ${result.direction}, ${result.rowsApplied} rows applied${result.caughtUp ? ', caught up' : ''}`,
          },
        );
      },
    );

  const shadow = makeCommand({
    usage: 'shadow <context>',
    summary: 'mirror reads to the service and compare the answers',
    changes: true,
    gated: true,
    description:
      'With --sample: enters shadowing (gates: initial copy, lag, verification) and mirrors that share of reads; no client sees the mirrored answers. Without: shows counts and samples.',
    examples: [
      'shadow catalog --sample 100',
      'shadow catalog --wait 1000',
      'shadow catalog',
      'shadow catalog --sample 0',
    ],
  })
    .option('--sample <percent>', 'share of reads to mirror; 0 turns it off', percent)
    .option('--wait <reads>', 'wait until every read route has this many compared reads', count)
    .option('--timeout <time>', 'longest wait (default 1h)', duration)
    .option('--reset', 'forget counts and samples first')
    .action(
      async (
        context: string,
        common: CommonOptions & {
          sample?: number;
          wait?: number;
          timeout?: number;
          reset?: boolean;
        },
      ) => {
        const { shadow: step } = await import('../../steps/shadow.ts');
        await runStep(
          session,
          common,
          step,
          {
            context,
            ...force(common),
            ...(common.sample !== undefined && { sample: common.sample }),
            ...(common.wait !== undefined && { wait: common.wait }),
            ...(common.timeout !== undefined && { timeoutSeconds: common.timeout }),
            ...(common.reset && { reset: true }),
          },
          {
            text: (result) =>
              [
                `${result.context}: stage ${result.stage}`,
                table([
                  [
                    'route',
                    'compared',
                    'real',
                    'match',
                    'mismatch',
                    'stale',
                    'error',
                    'timeout',
                    'uncomparable',
                    'dropped',
                  ],
                  ...result.routes.map(({ route, compared, real, counts }) =>
                    [
                      route,
                      compared,
                      real,
                      counts.match,
                      counts.mismatch,
                      counts.stale,
                      counts['candidate-error'],
                      counts['candidate-timeout'],
                      counts.uncomparable,
                      counts.dropped,
                    ].map(String),
                  ),
                ]),
                ...result.samples.map(
                  (sample) =>
                    `${sample.at}  ${sample.route}  ${sample.outcome}  ${JSON.stringify(sample.detail).slice(0, 400)}`,
                ),
              ].join('\n'),
          },
        );
      },
    );

  const route = makeCommand({
    usage: 'route <context> [route]',
    summary: "set which share of a route's reads the service answers",
    changes: true,
    description:
      'Changes the flags of one read route or of all. Writes of a replicated context follow its owner; only cutover and rollback move them. Without --percent, --off, --kill or --unkill: shows the flags.',
    examples: [
      'route catalog',
      'route catalog list-products --percent 25',
      'route catalog --all --off',
      'route catalog --kill',
    ],
  })
    .option('--all', 'every route that flags may steer')
    .option('--percent <percent>', 'share of identities whose reads go to the service', percent)
    .option('--off', 'the same as --percent 0')
    .option('--kill', 'every read of the context goes to its owner, at once')
    .option('--unkill', 'flags count again')
    .action(
      async (
        context: string,
        name: string | undefined,
        common: CommonOptions & {
          all?: boolean;
          percent?: number;
          off?: boolean;
          kill?: boolean;
          unkill?: boolean;
        },
      ) => {
        const given = [common.percent !== undefined, common.off, common.kill, common.unkill].filter(
          Boolean,
        );
        if (given.length > 1)
          throw new StranglerError('USAGE', 'Use one of --percent, --off, --kill and --unkill');
        const { route: step } = await import('../../steps/route.ts');
        const share = common.off ? 0 : common.percent;
        await runStep(
          session,
          common,
          step,
          {
            context,
            ...(name !== undefined && { route: name }),
            ...(common.all && { all: true }),
            ...(share !== undefined && { percent: share }),
            ...(common.kill && { kill: true }),
            ...(common.unkill && { kill: false }),
          },
          {
            text: (result) =>
              [
                ...(result.killed
                  ? [`kill switch is ON: every read of ${result.context} goes to its owner`]
                  : []),
                table([
                  ['flag', 'percent', 'other strategies'],
                  ...result.flags.map((flag) => [
                    flag.name,
                    flag.exists ? `${flag.percent} %` : 'not made',
                    String(flag.otherStrategies),
                  ]),
                ]),
              ].join('\n'),
          },
        );
      },
    );

  const ramp = makeCommand({
    usage: 'ramp <context>',
    summary: 'send reads to the service step by step, and step back when it is worse',
    changes: true,
    gated: true,
    description:
      'Enters canary on first use (gates: pacts, shadow reads, mismatches). Each step compares error rate and p99 of both sides over the same window; a worse service gets the share of the step before. Ctrl-C steps back too.',
    examples: [
      'ramp catalog',
      'ramp catalog --steps 1,5,25,50,100 --hold 30s',
      'ramp catalog --dry-run',
    ],
  })
    .option('--steps <percents>', 'percentages, growing (default: 1,5,25,50,100)', parseSteps)
    .option('--hold <time>', 'how long each step is watched', duration, 30)
    .option(
      '--max-wait <time>',
      'longest wait of a step for enough traffic (default 10 times --hold)',
      duration,
    )
    .action(
      async (
        context: string,
        common: CommonOptions & { steps?: number[]; hold: number; maxWait?: number },
      ) => {
        const steps = common.steps ?? [1, 5, 25, 50, 100];
        const { ramp: step } = await import('../../steps/ramp.ts');
        await runStep(
          session,
          common,
          step,
          {
            context,
            ...force(common),
            steps,
            holdSeconds: common.hold,
            ...(common.maxWait !== undefined && { maxWaitSeconds: common.maxWait }),
          },
          {
            text: (result) =>
              [
                ...result.steps.map((done) => `${done.percent} %: ${done.verdict}, ${done.reason}`),
                `${result.context}: ${result.percent} % of reads go to the service`,
              ].join('\n'),
          },
        );
      },
    );

  const owner = (
    kind: 'cutover' | 'rollback' | 'retire',
    summary: string,
    description: string,
    question: (context: string) => string,
  ): Command =>
    makeCommand({
      usage: `${kind} <context>`,
      summary,
      description,
      changes: true,
      gated: true,
      examples: [`${kind} catalog --dry-run`, `${kind} catalog`, `${kind} catalog --yes --json`],
    })
      .option('--no-facade', 'no facade runs, so there is no traffic to hold')
      .action(async (context: string, common: CommonOptions & { facade?: boolean }) => {
        const steps = await import('../../steps/change-owner.ts');
        await runStep(
          session,
          common,
          steps[kind],
          { context, ...force(common) },
          { confirm: question(context), text: outcomeText },
        );
      });

  return [
    replicate,
    shadow,
    route,
    ramp,
    owner(
      'cutover',
      "make the service the owner of the context's data",
      "Holds writes at the facades, fences the monolith's tables, waits until the service has everything, proves the way back, changes the owner, lets writes go on. Anything that fails before the change of owner leaves everything as it was.",
      (context) => `Make the service the owner of ${context}?`,
    ),
    owner(
      'rollback',
      'lead the context one stage back',
      'service → canary by the protocol of cutover with sides swapped; canary → shadowing and shadowing → replicating by flags; replicating → monolith drops slot, publication and fence.',
      (context) => `Lead ${context} one stage back?`,
    ),
    owner(
      'retire',
      'end the way back: the service keeps the context for good',
      "Stops the reverse stream, drops its slot and publication, archives the flags. The fence on the monolith's tables stays until they are dropped.",
      (context) => `End the way back of ${context} for good?`,
    ),
  ];
}
