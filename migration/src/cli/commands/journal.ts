import type { Command } from 'commander';
import {
  type CommonOptions,
  count,
  makeCommand,
  print,
  withToolkit,
  type Session,
} from '../command.ts';
import { journalText } from '../text/journal.ts';

export function journalCommand(session: Session): Command {
  return makeCommand({
    usage: 'journal [context]',
    summary: 'what was done, when and by whom',
    examples: ['journal catalog', 'journal --limit 500 --json', 'journal catalog --follow'],
  })
    .option('--limit <rows>', 'newest rows to show', count, 50)
    .option('-f, --follow', 'go on until Ctrl-C')
    .action(
      async (
        context: string | undefined,
        common: CommonOptions & { limit: number; follow?: boolean },
      ) => {
        const { journal: read } = await import('../../steps/journal.ts');
        await withToolkit(session, common, (kit) =>
          read(kit, {
            ...(context !== undefined && { context }),
            limit: common.limit,
            ...(common.follow && { follow: true }),
            onRow: (row) => print(session.terminal, common.json, row, () => journalText(row)),
          }),
        );
      },
    );
}
