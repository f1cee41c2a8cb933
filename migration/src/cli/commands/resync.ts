import type { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { resyncText } from '../text/resync.ts';

export function resyncCommand(session: Session): Command {
  return makeCommand({
    usage: 'resync <context> <table>',
    summary: 'read one table of the owner again and apply its rows, while changes go on',
    changes: true,
    description:
      'Through Kafka only: Debezium reads the table in chunks between the changes. Rows that only ' +
      'the other side has stay there; verify finds them. Ctrl-C stops the reading.',
    examples: ['resync catalog products', 'resync catalog shop.order_lines --json'],
  }).action(async (context: string, name: string, common: CommonOptions) => {
    const { resync: step } = await import('../../steps/resync.ts');
    await runStep(session, common, { step, options: { context, table: name }, text: resyncText });
  });
}
