import type { Command } from 'commander';
import {
  type CommonOptions,
  count,
  duration,
  force,
  makeCommand,
  percent,
  runStep,
  type Session,
} from '../command.ts';
import { shadowText } from '../text/shadow.ts';

export function shadowCommand(session: Session): Command {
  return makeCommand({
    usage: 'shadow <context>',
    summary: 'mirror reads to the service and compare the answers',
    changes: true,
    gated: true,
    description:
      'With --sample: enters shadowing (gates: initial copy, lag, verification) and mirrors that ' +
      'share of reads; no client sees the mirrored answers. Without: shows counts and samples.',
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
        await runStep(session, common, {
          step,
          options: {
            context,
            ...force(common),
            ...(common.sample !== undefined && { sample: common.sample }),
            ...(common.wait !== undefined && { wait: common.wait }),
            ...(common.timeout !== undefined && { timeoutSeconds: common.timeout }),
            ...(common.reset && { reset: true }),
          },
          text: shadowText,
        });
      },
    );
}
