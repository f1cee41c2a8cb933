import { StranglerError } from '@strangler-toolkit/plan';
import { Command } from 'commander';
import {
  type CommonOptions,
  makeCommand,
  print,
  runStep,
  type Session,
  withToolkit,
} from '../command.ts';
import type { Toolkit } from '../../steps/toolkit.ts';
import { controlRestoreText } from '../text/control-restore.ts';

export function controlCommand(session: Session): Command {
  const control = new Command('control')
    .summary('migrate or mend the control database')
    .description(
      'Brings the control schema to this release, or mends a control database that went back to an earlier state.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler control migrate\n  $ strangler control restore catalog --from-sides --dry-run',
    );
  control.addCommand(
    makeCommand({
      usage: 'restore <context>',
      summary: 'owner and epoch, as the data databases remember them',
      description:
        'Both data databases remember who owns a context. After a restore of the control database from a backup, this brings ' +
        'owner and epoch back from there, and finishes the move that it forgot.',
      changes: true,
      examples: [
        'control restore catalog --from-sides --dry-run',
        'control restore catalog --from-sides',
      ],
    })
      .option('--from-sides', "take what the monolith's and the service's database say")
      .action(async (context: string, common: CommonOptions & { fromSides?: boolean }) => {
        if (!common.fromSides)
          throw new StranglerError(
            'USAGE',
            'say where the truth comes from: --from-sides is the only source there is',
          );
        const { controlRestore } = await import('../../steps/control-restore.ts');
        await runStep(session, common, {
          step: controlRestore,
          options: { context },
          confirm: `Set owner and epoch of ${context} in the control database to what the data databases say?`,
          text: controlRestoreText,
        });
      }),
  );
  control.addCommand(
    makeCommand({
      usage: 'migrate',
      summary: "bring the control schema to this release's",
      description:
        'Makes the control schema, or brings one of an older release to this one. Commands that work do so by themselves, ' +
        'those that only look never do. Facades and workers of the release before go on with it.',
      examples: ['control migrate'],
    }).action(async (common: CommonOptions) => {
      const migrate = async (kit: Toolkit): Promise<void> => {
        await kit.control();
        print(
          session.terminal,
          common.json,
          { migrated: true },
          () => 'the control schema is that of this release',
        );
      };
      await withToolkit(session, common, migrate, { onlyLooks: false });
    }),
  );
  return control;
}
