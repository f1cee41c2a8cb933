import { Command } from 'commander';
import type { Session } from './command.ts';
import { initCommand } from './commands/init.ts';
import { lookCommands } from './commands/looks.ts';
import { moveCommands } from './commands/moves.ts';
import { outboxCommand } from './commands/outbox.ts';

/** The whole command line, from one source: help, parsing and tests. */
export function buildProgram(session: Session, version: string): Command {
  const program = new Command('strangler')
    .description(
      'Moves one bounded context at a time out of a monolith, under live traffic, with a way back at every step.',
    )
    .version(version)
    .showSuggestionAfterError(true)
    .addHelpText(
      'after',
      `
Examples:
  $ strangler init --database postgresql://… --context catalog --tables products,categories
  $ strangler doctor catalog
  $ strangler status

Exit codes: 0 ok, 1 error, 2 usage, 3 differences found, 4 gate refused, 130 interrupted.
Environment: STRANGLER_CONTROL_URL, STRANGLER_CONTEXTS, UNLEASH_URL, UNLEASH_ADMIN_TOKEN, UNLEASH_ENVIRONMENT, UNLEASH_PROJECT, STRANGLER_TRANSPORT, KAFKA_BROKERS, CONNECT_URL.`,
    );
  for (const command of [
    initCommand(session),
    ...lookCommands(session),
    ...moveCommands(session),
    outboxCommand(session),
  ])
    program.addCommand(command);
  const strict = (command: Command): void => {
    command.exitOverride();
    command.configureOutput({
      writeErr: (text) => process.stderr.write(text),
      writeOut: (text) => process.stdout.write(text),
    });
    for (const child of command.commands) strict(child);
  };
  strict(program);
  return program;
}
