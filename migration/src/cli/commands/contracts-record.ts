import { type Command, Option } from 'commander';
import { type CommonOptions, makeCommand, runStep, several, type Session } from '../command.ts';
import { recordText } from '../text/record.ts';
import { trafficOptions, type TrafficFlags, withTraffic } from './traffic-options.ts';

interface RecordFlags extends CommonOptions, TrafficFlags {
  readonly shadow?: boolean;
  readonly param: readonly string[];
  readonly writes?: boolean;
  readonly out?: string;
  readonly consumer?: string;
}

export const recordCommand = (session: Session): Command =>
  withTraffic(
    makeCommand({
      usage: 'record <context>',
      summary: 'draft a pact from recorded traffic of the context',
      description:
        'Draws a pact (V4) from what was answered: types, forms of texts, lists with what they hold; states are proposed,\n' +
        'examples are made up. Answers come from the recording (a HAR file with bodies); for requests without one (an access log)\n' +
        'the monolith is asked again, by GET only and as nobody, unless --header says who. With --shadow they come from what\n' +
        'facades kept of compared answers in the control database: forms, no values. Writes are drafted where the recording has\n' +
        'what was sent and answered. The draft is then verified against the monolith, writes with --writes only, and what the\n' +
        'traffic did not show is listed. Exit code 5 when the draft does not hold there.',
      changes: true,
      examples: [
        'contracts record catalog --traffic access.log',
        "contracts record catalog --traffic shop.har --route 'GET /api/products/:id' --out pact-drafts",
        'contracts record catalog --shadow --param id=17',
        'contracts record catalog --traffic access.log --dry-run',
        "contracts record catalog --traffic access.log --header authorization=env:SHOP_TOKEN --as 'a clerk'",
      ],
    })
      .addOption(
        new Option(
          '--traffic <file>',
          'requests that were made: a HAR file, an access log or JSON lines',
        ).conflicts('shadow'),
      )
      .option('--shadow', 'instead of a file: what facades kept of compared answers')
      .option(
        '--param <name=value>',
        'a value of paths or queries that the shadow does not keep (repeatable)',
        several,
        [],
      )
      .option('--writes', 'send drafted writes to the monolith, to verify them too')
      .option('--monolith <url>', "who is asked (default: the context's monolith)")
      .option('--out <folder>', 'folder of the draft (default: pact-drafts)')
      .option('--consumer <name>', 'whose pact it becomes (default: recorded-traffic)'),
  ).action(async (context: string, options: RecordFlags) => {
    const { contractsRecord } = await import('../../steps/contracts/record.ts');
    await runStep(session, options, {
      step: contractsRecord,
      options: {
        ...trafficOptions(context, options.traffic, options),
        ...(options.shadow && { shadow: true }),
        params: options.param,
        ...(options.writes && { writes: true }),
        ...(options.out !== undefined && { out: options.out }),
        ...(options.consumer !== undefined && { consumer: options.consumer }),
        onResult: (result) => {
          if (result.verified.some(({ ok }) => !ok) && !options.json)
            session.terminal.talk(recordText(result));
        },
      },
      ...(options.writes && {
        confirm: `Send what is drafted of writes of ${context} to the monolith?`,
      }),
      text: recordText,
    });
  });
