import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { type CommonOptions, count, makeCommand, runStep, type Session } from '../command.ts';
import { devText } from '../text/dev.ts';

const port = (text: string): number => {
  const value = count(text);
  if (value > 65_000) throw new InvalidArgumentError('must be a port, up to 65000.');
  return value;
};
const facades = (text: string): number => {
  const value = count(text);
  if (value < 1 || value > 9) throw new InvalidArgumentError('must be a number from 1 to 9.');
  return value;
};

export function devCommand(session: Session): Command {
  return makeCommand({
    usage: 'dev [context...]',
    summary: 'start facades and workers on this machine, until Ctrl-C',
    changes: true,
    description:
      'A system for a laptop in one command: facades for all context files, and a worker for each ' +
      'context named (or all) that has data of its own, as processes of this one. A worker begins ' +
      'replication where it has not begun. The addresses come from the environment that the ' +
      'context files name; MONOLITH_URL, where it is not set, from the first context. Without ' +
      'UNLEASH_URL flags are kept in the control database. When one of the processes ends, all do.',
    examples: ['dev hours', 'dev hours --facades 2 --port 9000', 'dev --dry-run'],
  })
    .option('--facades <n>', 'how many facades', facades, 1)
    .option(
      '--port <n>',
      "the first facade's for clients, operators one above, further facades ten higher (0: any free ones)",
      port,
      8080,
    )
    .option('--without-flags', 'facades start although there is no token of Unleash')
    .action(
      async (
        contexts: readonly string[],
        common: CommonOptions & { facades: number; port: number; withoutFlags?: boolean },
      ) => {
        const { dev } = await import('../../steps/dev.ts');
        await runStep(session, common, {
          step: dev,
          options: {
            contexts,
            facades: common.facades,
            port: common.port,
            withoutFlags: common.withoutFlags === true,
          },
          text: devText,
        });
      },
    );
}
