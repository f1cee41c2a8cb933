import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, withToolkit, type Session } from '../command.ts';
import { canIText } from '../text/can-i.ts';

interface CanIFlags extends CommonOptions {
  readonly broker: boolean;
  readonly providerVersion?: string;
}

export function canICommand(session: Session): Command {
  return makeCommand({
    usage: 'can-i <move> <context>',
    summary: 'whether a move may be made now, for pipelines: exit 0 or 4',
    description:
      'Asks the gates of a move (replicate, shadow, ramp, cutover, rollback, retire) and changes nothing: what is\n' +
      'missing or stale, and which command renews it. Where PACT_BROKER_BASE_URL is set, ramp, cutover and rollback ask the\n' +
      'Pact Broker as well whether the version that comes may be in PACT_BROKER_ENVIRONMENT (can-i-deploy).\n' +
      'Exit code 0: yes. 4: no. 8: the broker does not answer, which is no yes.',
    examples: [
      'can-i cutover catalog',
      'can-i ramp catalog --json',
      'can-i cutover catalog --no-broker',
    ],
  })
    .option('--no-broker', 'ask the gates alone')
    .option(
      '--provider-version <version>',
      'what comes, as the broker knows it (default: what that side says of itself)',
    )
    .action(async (move: string, context: string, common: CanIFlags) => {
      const { canI } = await import('../../steps/can-i.ts');
      await withToolkit(session, common, async (kit) => {
        const result = await canI(kit, move, context, {
          broker: common.broker,
          ...(common.providerVersion !== undefined && { providerVersion: common.providerVersion }),
        });
        print(session.terminal, common.json, result, () => canIText(result));
        session.exitCode = result.yes ? 0 : 4;
      });
    });
}
