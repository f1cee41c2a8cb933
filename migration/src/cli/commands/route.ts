import { StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import { type CommonOptions, makeCommand, percent, runStep, type Session } from '../command.ts';
import { routeText } from '../text/route.ts';

export function routeCommand(session: Session): Command {
  return makeCommand({
    usage: 'route <context> [route]',
    summary: "set which share of a route's reads the service answers",
    changes: true,
    description:
      'Changes the flags of one read route or of all, as somebody does in Unleash: it asks no gate and watches ' +
      'nothing (the journal says so); ramp does both. Writes of a replicated context follow its ' +
      'owner; only cutover and rollback move them. Without --percent, --off, --kill or --unkill: ' +
      'shows the flags.',
    examples: [
      'route catalog',
      'route catalog list-products --percent 25',
      'route catalog --all --off',
      'route catalog --kill',
      'route catalog --forget-control-flags',
    ],
  })
    .option('--all', 'every route that flags may steer')
    .option('--percent <percent>', 'share of identities whose reads go to the service', percent)
    .option('--off', 'the same as --percent 0')
    .option('--kill', 'every read of the context goes to its owner, at once')
    .option('--unkill', 'flags count again')
    .option(
      '--forget-control-flags',
      'forget those that stayed in the control database when Unleash came',
    )
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
          forgetControlFlags?: boolean;
        },
      ) => {
        const given = [
          common.percent !== undefined,
          common.off,
          common.kill,
          common.unkill,
          common.forgetControlFlags,
        ].filter(Boolean);
        if (given.length > 1)
          throw new StranglerError(
            'USAGE',
            'Use one of --percent, --off, --kill, --unkill and --forget-control-flags',
          );
        const { route: step } = await import('../../steps/route.ts');
        const share = common.off ? 0 : common.percent;
        await runStep(session, common, {
          step,
          options: {
            context,
            ...(name !== undefined && { route: name }),
            ...(common.all && { all: true }),
            ...(share !== undefined && { percent: share }),
            ...(common.kill && { kill: true }),
            ...(common.unkill && { kill: false }),
            ...(common.forgetControlFlags && { forgetControlFlags: true }),
          },
          text: routeText,
        });
      },
    );
}
