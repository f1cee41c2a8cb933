import { StranglerError } from '@strangler-toolkit/plan';
import { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { controlRestoreText } from '../text/control-restore.ts';

export function controlCommand(session: Session): Command {
  const control = new Command('control')
    .summary('mend the control database')
    .description('Mends a control database that went back to an earlier state.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler control restore catalog --from-sides --dry-run',
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
  return control;
}
