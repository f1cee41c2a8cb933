import { StranglerError } from '@strangler-toolkit/plan';
import { Command, Option } from 'commander';
import type { SchemaOptions, SchemaSource } from '../../steps/schema.ts';
import { type CommonOptions, makeCommand, print, type Session, withToolkit } from '../command.ts';
import { schemaCheckText, schemaPlanText } from '../text/schema.ts';

interface Given extends CommonOptions {
  readonly side: SchemaOptions['side'];
  readonly sql?: string[];
  readonly scratch?: string;
  readonly before?: string;
  readonly after?: string;
  readonly other?: string;
}

const usage = (message: string): StranglerError => new StranglerError('USAGE', message);

function sourceOf({ sql, scratch, before, after }: Given): SchemaSource {
  const files = sql !== undefined || scratch !== undefined;
  if (files && (before !== undefined || after !== undefined))
    throw usage('--sql with --scratch, or --before with --after: not both');
  if (files) {
    if (sql === undefined || scratch === undefined)
      throw usage('--sql and --scratch belong together: files, and where they are tried out');
    return { kind: 'files', files: sql, scratch };
  }
  if (before === undefined || after === undefined)
    throw usage('say what changes: --sql with --scratch, or --before with --after');
  return { kind: 'databases', before, after };
}

const lookAtChange = (usageLine: string, summary: string, examples: readonly string[]): Command =>
  makeCommand({
    usage: usageLine,
    summary,
    description:
      `${summary[0]?.toUpperCase()}${summary.slice(1)}. Either SQL files, tried out in a transaction of a scratch database ` +
      'that has the schema as it is now, or two databases, before and after. Needs no control database.',
    examples,
  })
    .addOption(
      new Option('--side <side>', 'whose schema changes')
        .choices(['monolith', 'service'])
        .default('monolith'),
    )
    .option('--sql <files...>', 'migrations that are not applied yet, in their order')
    .option('--scratch <url>', 'database with the schema as it is now; it forgets what is tried')
    .option('--before <url>', 'database with the schema as it is now')
    .option('--after <url>', 'database with the schema as it will be')
    .option('--other <url>', "the other side's database (default: that of the context file)");

export function schemaCommand(session: Session): Command {
  const schema = new Command('schema')
    .summary('what a change of a schema will do to a context')
    .description('Judges migrations of the monolith or the service before they are applied.')
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler schema check catalog --sql migrations/0042.sql --scratch postgresql://…',
    );
  const look = async (context: string, given: Given) => {
    const { schemaCheck } = await import('../../steps/schema.ts');
    const source = sourceOf(given);
    return withToolkit(session, given, (kit) =>
      schemaCheck(kit, {
        context,
        side: given.side,
        source,
        ...(given.other !== undefined && { other: given.other }),
      }),
    );
  };
  schema.addCommand(
    lookAtChange(
      'check <context>',
      'whether migrations that are not applied yet will stop a context: exit 0, or 3 with the line of the mapping',
      [
        'schema check catalog --sql migrations/0042.sql --scratch postgresql://…/ci',
        'schema check catalog --side service --before postgresql://…/main --after postgresql://…/branch --json',
      ],
    ).action(async (context: string, given: Given) => {
      const result = await look(context, given);
      print(session.terminal, given.json, result, () => schemaCheckText(result, session.terminal));
      session.exitCode = result.ok ? 0 : 3;
    }),
  );
  schema.addCommand(
    lookAtChange('plan <context>', 'the order of such a change: expand, mapping, contract', [
      'schema plan catalog --sql migrations/0042.sql --scratch postgresql://…/ci',
    ]).action(async (context: string, given: Given) => {
      const result = await look(context, given);
      print(session.terminal, given.json, { context, plan: result.plan }, () =>
        schemaPlanText(result),
      );
    }),
  );
  return schema;
}
