import { StranglerError } from '@strangler-toolkit/plan';
import { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { fenceRearmText, fenceSeenText, fenceText } from '../text/fence.ts';

export function fenceCommand(session: Session): Command {
  const fence = new Command('fence')
    .summary('who writes past the facade')
    .description("The audit fence logs who writes to the monolith's tables, and refuses nobody.")
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler fence audit catalog on\n  $ strangler fence status catalog\n' +
        '  $ strangler fence seen catalog --reason "the nightly job writes to the service now"' +
        '\n  $ strangler fence rearm catalog',
    );
  fence.addCommand(
    makeCommand({
      usage: 'audit <context> <on-or-off>',
      summary: "log writers of the monolith's tables, or stop it",
      changes: true,
      examples: ['fence audit catalog on', 'fence audit catalog off'],
    }).action(async (context: string, state: string, common: CommonOptions) => {
      if (state !== 'on' && state !== 'off')
        throw new StranglerError('USAGE', `"${state}" must be on or off`);
      const { fenceAudit } = await import('../../steps/fence.ts');
      await runStep(session, common, {
        step: fenceAudit,
        options: { context, action: state },
        text: fenceText,
      });
    }),
  );
  fence.addCommand(
    makeCommand({
      usage: 'status <context>',
      summary: 'fences that stand, and who was seen',
      examples: ['fence status catalog', 'fence status catalog --json'],
    }).action(async (context: string, common: CommonOptions) => {
      const { fenceAudit } = await import('../../steps/fence.ts');
      await runStep(session, common, {
        step: fenceAudit,
        options: { context, action: 'status' },
        onlyLooks: true,
        text: fenceText,
      });
    }),
  );
  fence.addCommand(
    makeCommand({
      usage: 'seen <context>',
      summary: 'you looked at who was refused: retire counts from here on',
      changes: true,
      examples: ['fence seen catalog --reason "the nightly job writes to the service now"'],
    })
      .requiredOption('--reason <text>', 'who it was, and why it comes no more; journaled')
      .action(async (context: string, common: CommonOptions) => {
        const { fenceSeen } = await import('../../steps/fence-seen.ts');
        await runStep(session, common, {
          step: fenceSeen,
          options: { context, reason: common.reason ?? '' },
          text: fenceSeenText,
        });
      }),
  );
  fence.addCommand(
    makeCommand({
      usage: 'rearm <context>',
      summary: 'set the fence of the side that does not own anew, after somebody opened it',
      changes: true,
      examples: ['fence rearm catalog', 'fence rearm catalog --dry-run'],
    }).action(async (context: string, common: CommonOptions) => {
      const { fenceRearm } = await import('../../steps/fence-rearm.ts');
      await runStep(session, common, {
        step: fenceRearm,
        options: { context },
        text: fenceRearmText,
      });
    }),
  );
  return fence;
}
