import type { Command } from 'commander';
import { type CommonOptions, makeCommand, print, withToolkit, type Session } from '../command.ts';
import { statusText } from '../text/status.ts';

export function statusCommand(session: Session): Command {
  return makeCommand({
    usage: 'status [context]',
    summary: 'where each context stands, and the next command to type',
    examples: ['status', 'status catalog', 'status catalog --json'],
  }).action(async (context: string | undefined, common: CommonOptions) => {
    const { status: read } = await import('../../steps/status.ts');
    await withToolkit(session, common, async (kit) => {
      const all = await read(kit, context);
      print(session.terminal, common.json, context === undefined ? { contexts: all } : all[0], () =>
        session.terminal.wrapped(all.map((one) => statusText(one, session.terminal)).join('\n\n')),
      );
    });
  });
}
