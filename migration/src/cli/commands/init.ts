import type { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';

/** Commas in quotes belong to a name. */
const list = (text: string): string[] =>
  (text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [])
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
      'init --context catalog --database MONOLITH_DATABASE_URL --tables products,categories',
      'init --context catalog --database postgresql://… --openapi http://localhost:3000/openapi.json --path-prefix /api/products',
      'init --context catalog --database MONOLITH_DATABASE_URL --traffic access.log --path-prefix /api/products',
      'init --context catalog --database MONOLITH_DATABASE_URL --unclaimed --path-prefix /api/products',
      'init --context shipping-rates --openapi openapi.json --path-prefix /api/shipping --dry-run',
    ],
  })
    .requiredOption('--context <name>', 'name of the context')
    .option(
      '--database <url-or-variable>',
      "the monolith's database: its URL, or the name of an environment variable that holds it " +
        '(a password in a URL stands in the process list); without it the context has no data of its own',
    )
    .option(
      '--tables <names>',
      'tables, separated by commas (default: those that look like the context)',
      list,
    )
    .option('--openapi <file-or-url>', 'OpenAPI document (JSON) to take routes from')
    .option(
      '--traffic <file>',
      'requests to take routes from: a HAR file, an access log, JSON lines or the log of a facade',
    )
    .option(
      '--unclaimed',
      'take routes from what facades saw and no context claims (routes discover)',
    )
    .option('--path-prefix <paths>', 'only routes below these paths, separated by commas', list)
    .action(
      async (
        common: CommonOptions & {
          context: string;
          database?: string;
          tables?: string[];
          openapi?: string;
          traffic?: string;
          unclaimed?: boolean;
          pathPrefix?: string[];
        },
      ) => {
        const { init } = await import('../../steps/init/init.ts');
        await runStep(session, common, {
          step: init,
          options: {
            context: common.context,
            ...(common.database !== undefined && { database: common.database }),
            ...(common.tables && { tables: common.tables }),
            ...(common.openapi !== undefined && { openapi: common.openapi }),
            ...(common.traffic !== undefined && { traffic: common.traffic }),
            ...(common.unclaimed !== undefined && { unclaimed: common.unclaimed }),
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
