import type { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { recordText } from '../text/record.ts';
import { trafficOptions, type TrafficFlags, withTraffic } from './traffic-options.ts';

interface RecordFlags extends CommonOptions, TrafficFlags {
  readonly traffic: string;
  readonly out?: string;
  readonly consumer?: string;
}

export const recordCommand = (session: Session): Command =>
  withTraffic(
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
      .option('--out <folder>', 'folder of the draft (default: pact-drafts)')
      .option('--consumer <name>', 'whose pact it becomes (default: recorded-traffic)'),
  ).action(async (context: string, options: RecordFlags) => {
    const { contractsRecord } = await import('../../steps/contracts/record.ts');
    await runStep(session, options, {
      step: contractsRecord,
      options: {
        ...trafficOptions(context, options.traffic, options),
        ...(options.out !== undefined && { out: options.out }),
        ...(options.consumer !== undefined && { consumer: options.consumer }),
        onResult: (result) => {
          if (result.verified.some(({ ok }) => !ok) && !options.json)
            session.terminal.talk(recordText(result));
        },
      },
      text: recordText,
    });
  });
