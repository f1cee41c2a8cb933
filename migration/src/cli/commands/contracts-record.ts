import type { Command } from 'commander';
import { type CommonOptions, count, makeCommand, runStep, type Session } from '../command.ts';
import { recordText } from '../text/record.ts';

interface RecordFlags extends CommonOptions {
  readonly traffic: string;
  readonly monolith?: string;
  readonly route?: string;
  readonly out?: string;
  readonly consumer?: string;
  readonly limit?: number;
  readonly header: readonly string[];
  readonly as?: string;
}

export const recordCommand = (session: Session): Command =>
  makeCommand({
    usage: 'record <context>',
    summary: "draft a pact from recorded traffic of the context's reads",
    description:
      'Draws a pact (V4) from what reads were answered: types, forms of texts, lists with what they hold; states are proposed,\n' +
      'examples are made up. Answers come from the recording (a HAR file with bodies); for requests without one (an access log)\n' +
      'the monolith is asked again, by GET only and as nobody, unless --header says who. The draft is then verified against the\n' +
      'monolith, and what the traffic did not show is listed. Exit code 5 when the draft does not hold there.',
    changes: true,
    examples: [
      'contracts record catalog --traffic access.log',
      "contracts record catalog --traffic shop.har --route 'GET /api/products/:id' --out pact-drafts",
      'contracts record catalog --traffic access.log --dry-run',
      "contracts record catalog --traffic access.log --header authorization=env:SHOP_TOKEN --as 'a clerk'",
    ],
  })
    .requiredOption(
      '--traffic <file>',
      'requests that were made: a HAR file, an access log or JSON lines',
    )
    .option('--monolith <url>', "who is asked (default: the context's monolith)")
    .option('--route <route>', "one route only: 'GET /x' as the context file has it, or its name")
    .option('--out <folder>', 'folder of the draft (default: pact-drafts)')
    .option('--consumer <name>', 'whose pact it becomes (default: recorded-traffic)')
    .option(
      '--limit <requests>',
      'ask the monolith at most so often per route (default: 50)',
      count,
    )
    .option(
      '--header <name=place>',
      'sign in where a stranger gets no answer: name=env:VARIABLE or name=file:PATH (repeatable; never written to the draft)',
      (place: string, before: readonly string[]) => [...before, place],
      [],
    )
    .option('--as <who>', "who that is, for the draft's state (default: 'a user')")
    .action(async (context: string, options: RecordFlags) => {
      const { contractsRecord } = await import('../../steps/contracts/record.ts');
      await runStep(session, options, {
        step: contractsRecord,
        options: {
          context,
          traffic: options.traffic,
          ...(options.monolith !== undefined && { monolith: options.monolith }),
          ...(options.route !== undefined && { route: options.route }),
          ...(options.out !== undefined && { out: options.out }),
          ...(options.consumer !== undefined && { consumer: options.consumer }),
          ...(options.limit !== undefined && { limit: options.limit }),
          headers: options.header,
          ...(options.as !== undefined && { as: options.as }),
          onResult: (result) => {
            if (result.verified.some(({ ok }) => !ok) && !options.json)
              session.terminal.talk(recordText(result));
          },
        },
        text: recordText,
      });
    });
