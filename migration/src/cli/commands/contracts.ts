import { Command } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session } from '../command.ts';
import { contractsText } from '../text/contracts.ts';

export function contractsCommand(session: Session): Command {
  const contracts = new Command('contracts')
    .summary("pacts of the context's consumers")
    .description("Pacts of the context's consumers.")
    .addHelpText('after', '\nExamples:\n  $ strangler contracts verify catalog');
  contracts.addCommand(
    makeCommand({
      usage: 'verify <context>',
      summary: 'verify the pacts against the monolith and the service',
      changes: true,
      examples: ['contracts verify catalog', 'contracts verify catalog --json'],
    }).action(async (context: string, common: CommonOptions) => {
      const { contractsVerify } = await import('../../steps/contracts.ts');
      await runStep(session, common, {
        step: contractsVerify,
        options: { context },
        text: contractsText,
      });
    }),
  );
  return contracts;
}
