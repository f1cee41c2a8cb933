import { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { deadLettersText } from '../text/dead-letters.ts';

export function deadLettersCommand(session: Session): Command {
  const deadLetters = new Command('dead-letters')
    .summary('change events that could not be applied')
    .description('Change events that could not be applied: list, show, replay or drop them.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler dead-letters list catalog\n  $ strangler dead-letters replay catalog 7',
    );
  for (const action of ['list', 'show', 'replay', 'drop'] as const) {
    const command = makeCommand({
      usage: action === 'list' ? 'list <context>' : `${action} <context> [ids...]`,
      summary: {
        list: 'open dead letters',
        show: 'event and error of some',
        replay: 'apply some again',
        drop: 'give some up: their rows will differ',
      }[action],
      changes: action === 'replay' || action === 'drop',
      examples:
        action === 'list'
          ? ['dead-letters list catalog', 'dead-letters list catalog --json']
          : [`dead-letters ${action} catalog 7 8`, `dead-letters ${action} catalog --all`],
    });
    if (action !== 'list') command.option('--all', 'every open one');
    command.action(async (context: string, ...rest: unknown[]) => {
      const ids = action === 'list' ? [] : (rest[0] as string[]);
      const common = (action === 'list' ? rest[0] : rest[1]) as CommonOptions & { all?: boolean };
      const { deadLetters: step } = await import('../../steps/dead-letters.ts');
      await runStep(session, common, {
        step,
        ...((action === 'list' || action === 'show') && { onlyLooks: true }),
        options: { context, action, ids, ...(common.all && { all: true }) },
        ...(action === 'drop' && {
          confirm: `Give up these change events of ${context}? Their rows will differ until repaired.`,
        }),
        text: (result) => deadLettersText(result.deadLetters, action === 'show'),
      });
    });
    deadLetters.addCommand(command);
  }
  return deadLetters;
}
