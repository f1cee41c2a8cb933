import type { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export function initCommand(session: Session): Command {
  return makeCommand({
    usage: 'init',
    summary: 'write the first context file from what a database holds',
    changes: true,
    description:
      "Reads tables, keys, columns and sequences of the monolith's database and writes " +
      '<contexts>/<context>.ts: a one-to-one mapping ready to edit, with ' +
      "what crosses the context's border in comments. Never overwrites.",
    examples: [
      'init --context catalog --database postgresql://… --tables products,categories',
      'init --context catalog --database postgresql://… --openapi http://localhost:3000/openapi.json --path-prefix /api/products',
      'init --context shipping-rates --openapi openapi.json --path-prefix /api/shipping --dry-run',
    ],
  })
    .requiredOption('--context <name>', 'name of the context')
    .option(
      '--database <url>',
      "the monolith's database; without it the context has no data of its own",
    )
    .option(
      '--tables <names>',
      'tables, separated by commas (default: those that look like the context)',
      list,
    )
    .option('--openapi <file-or-url>', 'OpenAPI document (JSON) to take routes from')
    .option('--path-prefix <paths>', 'only routes below these paths, separated by commas', list)
    .action(
      async (
        common: CommonOptions & {
          context: string;
          database?: string;
          tables?: string[];
          openapi?: string;
          pathPrefix?: string[];
        },
      ) => {
        const { init } = await import('../../steps/init.ts');
        await runStep(session, common, {
          step: init,
          options: {
            context: common.context,
            ...(common.database !== undefined && { database: common.database }),
            ...(common.tables && { tables: common.tables }),
            ...(common.openapi !== undefined && { openapi: common.openapi }),
            ...(common.pathPrefix && { pathPrefix: common.pathPrefix }),
          },
          text: (result) =>
            [
              `wrote ${result.file}: ${result.tables.length} tables, ${result.routes} routes`,
              ...result.notes.map((note) => `  ${note}`),
              `Edit it, then: strangler doctor ${common.context}`,
            ].join('\n'),
        });
      },
    );
}
