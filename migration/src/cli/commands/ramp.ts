import { StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import {
  type CommonOptions,
  duration,
  force,
  makeCommand,
  percent,
  runStep,
  type Session,
  withoutBroker,
} from '../command.ts';
import { rampText } from '../text/ramp.ts';

const parseSteps = (text: string): number[] => {
  const steps = text.split(',').map(percent);
  if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0)))
    throw new StranglerError('USAGE', '--steps must grow, e.g. 1,5,25,50,100');
  return steps;
};

const parseNames = (text: string): string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw new StranglerError('USAGE', '--identities wants names, e.g. ann,bob');
  return names;
};

export function rampCommand(session: Session): Command {
  return makeCommand({
    usage: 'ramp <context>',
    summary: 'send reads to the service step by step, and step back when it is worse',
    changes: true,
    gated: true,
    description:
      'Enters canary on first use (gates: pacts, shadow reads, mismatches); each higher share asks again for pacts ' +
      '(of the builds that run then) and context files, a lower one asks nothing, nor does any at stage service, ' +
      'where reads go to their owner. Each step compares ' +
      'error rate and p99 of both sides over the same window; a worse service gets the share of ' +
      'the step before. Ctrl-C steps back too. Without Unleash there are no shares between 0 and 100.',
    examples: [
      'ramp catalog',
      'ramp catalog --steps 1,5,25,50,100 --hold 30s',
      'ramp catalog --steps 5,25,100 --by-request',
      'ramp catalog --identities ann,bob',
      'ramp catalog --dry-run',
    ],
  })
    .option(
      '--steps <percents>',
      'percentages, growing (default: 1,5,25,50,100; without Unleash 100 alone)',
      parseSteps,
    )
    .option(
      '--by-request',
      'shares of requests, each for itself, instead of identities: where there are few of them',
    )
    .option(
      '--identities <names>',
      'these have the service at every step, and alone without --steps; a ramp without the option takes them back',
      parseNames,
    )
    .option(...withoutBroker)
    .option('--hold <time>', 'how long each step is watched', duration, 30)
    .option(
      '--max-wait <time>',
      'longest wait of a step for enough traffic (default 10 times --hold)',
      duration,
    )
    .action(
      async (
        context: string,
        common: CommonOptions & {
          steps?: number[];
          byRequest?: boolean;
          identities?: string[];
          hold: number;
          maxWait?: number;
          broker?: boolean;
        },
      ) => {
        const { ramp: step } = await import('../../steps/ramp.ts');
        await runStep(session, common, {
          step,
          options: {
            context,
            ...force(common),
            ...(common.steps && { steps: common.steps }),
            ...(common.byRequest && { byRequest: true }),
            ...(common.identities && { identities: common.identities }),
            holdSeconds: common.hold,
            ...(common.maxWait !== undefined && { maxWaitSeconds: common.maxWait }),
          },
          text: rampText,
        });
      },
    );
}
