import { Command } from 'commander';
import { type CommonOptions, makeCommand, print, type Session, withToolkit } from '../command.ts';
import { mappingCheckText, mappingPreviewText } from '../text/mapping.ts';

export function mappingCommand(session: Session): Command {
  const mapping = new Command('mapping')
    .summary('whether every row comes back as it was, and how one looks')
    .description('Looks at real rows through the mapping of a context. Changes nothing.')
    .addHelpText('after', '\nExamples:\n  $ strangler mapping check catalog');
  mapping.addCommand(
    makeCommand({
      usage: 'check <context>',
      summary: 'whether all converted values come back as they are: exit 0, or 3 with an example',
      description:
        'Converts every value of a column that has a conversion or a list of values, there and back, in the databases that hold ' +
        'them. Exit code 3 with table, column, count and an example when some would not come back. Needs no control database.',
      examples: ['mapping check catalog', 'mapping check catalog --json'],
    }).action(async (context: string, given: CommonOptions) => {
      const { mappingCheck } = await import('../../steps/mapping.ts');
      const result = await withToolkit(session, given, (kit) => mappingCheck(kit, { context }));
      print(session.terminal, given.json, result, () => mappingCheckText(result, session.terminal));
      session.exitCode = result.ok ? 0 : 3;
    }),
  );
  mapping.addCommand(
    makeCommand({
      usage: 'preview <context> <table>',
      summary: 'a row as it is, as it will be in the service, and as it comes back',
      description:
        "Shows a row of the monolith's table, column by column. Prints what the row holds, masks nothing and keeps nothing. " +
        'Needs no control database.',
      examples: [
        'mapping preview catalog products',
        'mapping preview catalog products --key 42',
        'mapping preview catalog order_lines --key 7,3 --json',
      ],
    })
      .option(
        '--key <values>',
        'values of the key columns, separated by commas (default: the first row)',
      )
      .action(async (context: string, table: string, given: CommonOptions & { key?: string }) => {
        const { mappingPreview } = await import('../../steps/mapping.ts');
        const result = await withToolkit(session, given, (kit) =>
          mappingPreview(kit, {
            context,
            table,
            ...(given.key !== undefined && { key: given.key.split(',') }),
          }),
        );
        print(session.terminal, given.json, result, () => mappingPreviewText(result));
      }),
  );
  return mapping;
}
