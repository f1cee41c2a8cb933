import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, withToolkit, type Session } from '../command.ts';
import { canIText } from '../text/can-i.ts';

export function canICommand(session: Session): Command {
  return makeCommand({
    usage: 'can-i <move> <context>',
    summary: 'whether a move may be made now, for pipelines: exit 0 or 4',
    description:
      'Asks the gates of a move (replicate, shadow, ramp, cutover, rollback, retire) and changes nothing: what is\n' +
      'missing or stale, and which command renews it. Exit code 0: yes. 4: no.',
    examples: ['can-i cutover catalog', 'can-i ramp catalog --json'],
  }).action(async (move: string, context: string, common: CommonOptions) => {
    const { canI } = await import('../../steps/can-i.ts');
    await withToolkit(session, common, async (kit) => {
      const result = await canI(kit, move, context);
      print(session.terminal, common.json, result, () => canIText(result));
      session.exitCode = result.yes ? 0 : 4;
    });
  });
}
