import { StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import { type CommonOptions, force, makeCommand, runStep, type Session } from '../command.ts';
import { pauseCopyText } from '../text/pause-copy.ts';
import { replicateText } from '../text/replicate.ts';

export function replicateCommand(session: Session): Command {
  return makeCommand({
    usage: 'replicate <context>',
    summary: "copy the context's tables and stream their changes, until Ctrl-C",
    changes: true,
    gated: true,
    description:
      'Begins replication (gates: databases, replica identity, mapping, publication and slot), or ' +
      'goes on where it stopped. The worker runs in this process until Ctrl-C; a second one ' +
      'waits.',
    examples: [
      'replicate catalog',
      'replicate catalog --until-caught-up',
      'replicate catalog --max-rate 5MB',
      'replicate catalog --restart --yes',
      'replicate product-pages --rebuild --until-caught-up --yes',
      'replicate catalog --reread',
      'replicate catalog --pause',
      'replicate catalog --resume',
      'replicate catalog --dry-run',
    ],
  })
    .option('--until-caught-up', 'end when the other side has applied everything')
    .option(
      '--restart',
      "begin anew: empty the service's tables and copy, or, while the service owns, only the stream",
    )
    .option(
      '--rebuild',
      "of data 'projection': begin anew from all of its sources; its reads have the monolith meanwhile",
    )
    .option(
      '--reread',
      'publish and compare again tables that were exchanged, left out or came to the mapping, and go on',
    )
    .option(
      '--max-rate <rate>',
      'most that the initial copy reads of the monolith in a second: 20000rows, 5MB',
    )
    .option('--pause', 'tell the initial copy to wait, whichever worker makes it, and end')
    .option('--resume', 'tell a copy that waits to go on, and end')
    .action(
      async (
        context: string,
        common: CommonOptions & {
          pause?: boolean;
          resume?: boolean;
          untilCaughtUp?: boolean;
          restart?: boolean;
          rebuild?: boolean;
          reread?: boolean;
          maxRate?: string;
        },
      ) => {
        if (common.rebuild && (common.restart || common.reread))
          throw new StranglerError('USAGE', '--rebuild stands alone: it copies everything anew');
        if (common.pause || common.resume) return pauseOrResume(session, context, common);
        const { replicate: step } = await import('../../steps/replicate.ts');
        await runStep(session, common, {
          step,
          options: {
            context,
            ...force(common),
            ...(common.untilCaughtUp && { untilCaughtUp: true }),
            ...(common.restart && { restart: true }),
            ...(common.rebuild && { rebuild: true }),
            ...(common.reread && { reread: true }),
            ...(common.maxRate !== undefined && { maxRate: common.maxRate }),
          },
          ...(common.restart && {
            confirm:
              `Begin the stream of ${context} anew? While the monolith owns, the service's tables are ` +
              'emptied and copied again.',
          }),
          ...(common.rebuild && {
            confirm: `Empty ${context}, with what only it reads, and copy all of it again? Its reads have the monolith meanwhile.`,
          }),
          text: replicateText,
        });
      },
    );
}

/** Said to the worker that copies, through the service's database; this process copies nothing. */
async function pauseOrResume(
  session: Session,
  context: string,
  {
    pause = false,
    resume = false,
    ...common
  }: CommonOptions & {
    readonly pause?: boolean;
    readonly resume?: boolean;
    readonly untilCaughtUp?: boolean;
    readonly restart?: boolean;
    readonly rebuild?: boolean;
    readonly reread?: boolean;
    readonly maxRate?: string;
  },
): Promise<void> {
  const { untilCaughtUp, restart, rebuild, reread, maxRate } = common;
  if ((pause && resume) || untilCaughtUp || restart || rebuild || reread || maxRate !== undefined)
    throw new StranglerError('USAGE', '--pause and --resume stand alone: they start no worker');
  const { pauseCopyStep: step } = await import('../../steps/pause-copy.ts');
  await runStep(session, common, {
    step,
    options: { context, paused: pause },
    text: pauseCopyText,
  });
}
