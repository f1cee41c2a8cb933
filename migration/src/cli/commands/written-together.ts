import { StranglerError } from '@strangler-toolkit/plan';
import type { Command } from 'commander';
import {
  type CommonOptions,
  duration,
  makeCommand,
  print,
  type Session,
  withToolkit,
} from '../command.ts';
import { writtenTogetherText } from '../text/written-together.ts';

interface Given extends CommonOptions {
  readonly for?: number;
  readonly side: string;
  readonly forget?: boolean;
}

export const writtenTogetherCommand = (session: Session): Command =>
  makeCommand({
    usage: 'written-together <context>',
    summary: 'tables outside of a context that one transaction writes together with its own',
    description:
      'One transaction today, two in two databases once the owner changes. Watches the log through a temporary slot with ' +
      "PostgreSQL's test_decoding, every table of the database, and counts; what watches saw adds up and is a question of " +
      'doctor and of the gate decisions until the context file answers it (writtenTogether). Exit code 3 while one is open.',
    examples: [
      'written-together catalog --for 1h',
      'written-together catalog',
      'written-together catalog --side service --for 10m --json',
    ],
  })
    .option('--for <time>', 'how long to watch; without it, what earlier watches saw', duration)
    .option('--side <side>', 'monolith or service', 'monolith')
    .option('--forget', 'earlier watches no longer count: the application writes otherwise now')
    .action(async (context: string, { side, for: seconds = 0, forget, ...common }: Given) => {
      if (side !== 'monolith' && side !== 'service')
        throw new StranglerError('USAGE', '--side is monolith or service');
      const { writtenTogether } = await import('../../steps/written-together.ts');
      const result = await withToolkit(
        session,
        common,
        (kit) =>
          writtenTogether(kit, { context, side, seconds, ...(forget === true && { forget }) }),
        { onlyLooks: seconds === 0 && forget !== true },
      );
      print(session.terminal, common.json, result, () => writtenTogetherText(result));
      session.exitCode = result.pairs.some(({ reason }) => reason === null) ? 3 : 0;
    });
