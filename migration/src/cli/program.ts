import { Command } from 'commander';
import type { Session } from './command.ts';
import { canICommand } from './commands/can-i.ts';
import { ownerCommands } from './commands/change-owner.ts';
import { completionCommand } from './commands/completion.ts';
import { contractsCommand } from './commands/contracts.ts';
import { controlCommand } from './commands/control.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { devCommand } from './commands/dev.ts';
import { doctorCommand } from './commands/doctor.ts';
import { fenceCommand } from './commands/fence.ts';
import { initCommand } from './commands/init.ts';
import { journalCommand } from './commands/journal.ts';
import { mappingCommand } from './commands/mapping.ts';
import { outboxCommand } from './commands/outbox.ts';
import { rampCommand } from './commands/ramp.ts';
import { replicateCommand } from './commands/replicate.ts';
import { resyncCommand } from './commands/resync.ts';
import { routeCommand } from './commands/route.ts';
import { routesCommand } from './commands/routes.ts';
import { schemaCommand } from './commands/schema.ts';
import { shadowCommand } from './commands/shadow.ts';
import { statusCommand } from './commands/status.ts';
import { testerCommand } from './commands/tester.ts';
import { verifyCommand } from './commands/verify.ts';
import { writtenTogetherCommand } from './commands/written-together.ts';

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
  $ strangler init --database MONOLITH_DATABASE_URL --context catalog --tables products,categories
  $ strangler doctor catalog
  $ strangler status

Exit codes: 0 ok, 1 error, 2 usage or configuration, 3 differences found, 4 gate refused or move
not allowed, 5 contracts broken, 6 provider not reachable, 7 contracts not verified, 8 the Pact
Broker does not answer or refuses, 130 interrupted.
Environment: STRANGLER_CONTROL_URL, STRANGLER_CONTEXTS, UNLEASH_URL, UNLEASH_ADMIN_TOKEN,
UNLEASH_ENVIRONMENT, UNLEASH_PROJECT, STRANGLER_TRANSPORT, KAFKA_BROKERS, CONNECT_URL,
PACT_BROKER_BASE_URL, PACT_BROKER_TOKEN, PACT_BROKER_ENVIRONMENT.`,
    );
  for (const command of [
    initCommand(session),
    devCommand(session),
    doctorCommand(session),
    statusCommand(session),
    verifyCommand(session),
    resyncCommand(session),
    journalCommand(session),
    deadLettersCommand(session),
    contractsCommand(session),
    fenceCommand(session),
    replicateCommand(session),
    schemaCommand(session),
    mappingCommand(session),
    writtenTogetherCommand(session),
    shadowCommand(session),
    routeCommand(session),
    routesCommand(session),
    rampCommand(session),
    testerCommand(session),
    canICommand(session),
    ...ownerCommands(session),
    outboxCommand(session),
    controlCommand(session),
    completionCommand(session, program),
  ])
    program.addCommand(command);
  const strict = (command: Command): void => {
    command.exitOverride();
    command.configureOutput({
      writeErr: (text) => session.terminal.raw('stderr', text),
      writeOut: (text) => session.terminal.raw('stdout', text),
    });
    for (const child of command.commands) strict(child);
  };
  strict(program);
  return program;
}
