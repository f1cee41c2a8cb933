import { userInfo } from 'node:os';
import { bothSides, type Side, StranglerError } from '@strangler-toolkit/plan';
import { type Command, Option } from 'commander';
import {
  type CommonOptions,
  duration,
  makeCommand,
  print,
  type Session,
  withToolkit,
} from '../command.ts';

interface TesterFlags extends CommonOptions {
  readonly side: Side;
  readonly for: number;
  readonly who?: string;
}

export function testerCommand(session: Session): Command {
  const tester = makeCommand({
    usage: 'tester',
    summary: 'tokens with which testers read from one side, whatever the percentage says',
    examples: ['tester token catalog --side service --for 8h'],
  });
  tester.addCommand(
    makeCommand({
      usage: 'token <contexts...>',
      summary: 'make a token for reads of these contexts',
      description:
        'Prints a token, signed by the first key of `testers` in the file that FACADE_EDGE names. Whoever sends it in the\n' +
        'header x-strangler-tester or the cookie strangler-tester gets the answers of one side to reads. Writes go to the\n' +
        'owner as ever, and so do reads of who wrote a moment ago. A token cannot be taken back before it ends but by\n' +
        'changing the keys.',
      examples: [
        'tester token catalog --side service',
        'tester token catalog orders --side service --for 30m --who anna',
        'tester token catalog --side monolith --json',
      ],
    })
      .addOption(
        new Option('--side <side>', 'whose answers').choices(bothSides).makeOptionMandatory(),
      )
      .option('--for <time>', 'how long it counts', duration, 8 * 3_600)
      .option('--who <name>', 'who tests, as it stands in the token (default: who you are here)')
      .action(async (contexts: readonly string[], _own: unknown, command: Command) => {
        // options that `tester` has as well are taken by it
        const asked: TesterFlags = command.optsWithGlobals();
        const who = asked.who ?? (process.env.STRANGLER_ACTOR || userInfo().username);
        if (who.length > 100) throw new StranglerError('USAGE', '--who is longer than a name');
        const { testerToken } = await import('../../steps/tester-token.ts');
        await withToolkit(session, asked, async (kit) => {
          const { side, for: seconds } = asked;
          const made = await testerToken(kit, { contexts, side, seconds, who });
          print(session.terminal, asked.json, made, () => made.token);
          if (!asked.json)
            session.terminal.talk(
              `Reads of ${contexts.join(' and ')} by the ${side}, until ${made.expires}:\n` +
                "  curl -H 'x-strangler-tester: <token>' …, or in a browser the cookie strangler-tester=<token>",
            );
        });
      }),
  );
  return tester;
}
