import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Command } from 'commander';
import type { ContractsResult } from '../../steps/contracts/verify.ts';
import { type CommonOptions, makeCommand, runStep, type Session, several } from '../command.ts';
import { githubAnnotations, gitlabReport } from '../reports/annotations.ts';
import { junit } from '../reports/junit.ts';
import { markdown } from '../reports/markdown.ts';
import { contractsText } from '../text/contracts.ts';
import { brokerCommands } from './contracts-broker.ts';
import { openapiCommand } from './contracts-openapi.ts';
import { recordCommand } from './contracts-record.ts';

interface VerifyOptions extends CommonOptions {
  readonly side?: string;
  readonly facade?: boolean;
  readonly record: boolean;
  readonly junit?: string;
  readonly markdown?: string;
  readonly gitlab?: string;
  readonly broker: boolean;
  readonly consumerSelector?: string[];
  readonly branch?: string;
  readonly wipSince?: string;
  readonly publishResults?: boolean;
  readonly providerVersion?: string;
}

export function contractsCommand(session: Session): Command {
  const contracts = new Command('contracts')
    .summary("pacts of the context's consumers")
    .description("Pacts of the context's consumers.")
    .addHelpText('after', '\nExamples:\n  $ strangler contracts verify catalog');
  contracts.addCommand(
    makeCommand({
      usage: 'verify <context>',
      summary: 'verify the pacts against the monolith and the service',
      description:
        'Verifies one set of pacts against the monolith, the service, and every further provider that the context file\n' +
        'names. The result is recorded as evidence where a control database is named; without one it works as well.\n' +
        'Where PACT_BROKER_BASE_URL is set, the pacts are those that the Pact Broker wants verified, and in a pipeline the results\n' +
        'are published there; what it calls pending or work in progress proves nothing, and fails nothing.\n' +
        'Exit codes: 5 a contract is broken, 6 a provider does not answer, 7 nothing verified, or not all of it, 8 the broker.',
      changes: true,
      examples: [
        'contracts verify catalog',
        'contracts verify catalog --json',
        'contracts verify catalog --facade',
        'contracts verify catalog --side service --junit reports/pacts.xml',
        'contracts verify catalog --no-record --markdown pacts.md',
        'contracts verify catalog --side service --publish-results',
        `contracts verify catalog --consumer-selector '{"deployed":true}'`,
      ],
    })
      .option(
        '--side <name>',
        'one provider only: monolith, service, facade-monolith, facade-service, facade-mixed, or one of contracts.providers',
      )
      .option(
        '--facade',
        'besides, a facade before both sides with all routes on the monolith, on the service, and mixed',
      )
      .option('--no-record', 'record no evidence; needs no control database')
      .option('--junit <file>', 'write JUnit XML')
      .option(
        '--markdown <file>',
        'write a summary; on GitHub it is added to the summary of the job',
      )
      .option('--gitlab <file>', "write GitLab's Code Quality report")
      .option('--no-broker', "the folder's pacts, though a Pact Broker is set")
      .option(
        '--consumer-selector <json>',
        "which consumers' pacts the broker is asked for, several times (default: main branches, the branch of the same name, deployed)",
        several,
      )
      .option('--branch <name>', "the provider's branch (default: what the pipeline says, or git)")
      .option('--wip-since <day>', 'work in progress since 2026-01-31, say, as well')
      .option('--publish-results', 'publish results to the broker, outside of a pipeline too')
      .option('--no-publish-results', 'never publish results')
      .option(
        '--provider-version <version>',
        'what the one side is, with --side (default: what it says of itself, else the commit)',
      )
      .action(async (context: string, options: VerifyOptions) => {
        const { contractsVerify } = await import('../../steps/contracts/verify.ts');
        await runStep(session, options, {
          step: contractsVerify,
          options: {
            context,
            ...(options.side !== undefined && { side: options.side }),
            ...(options.facade && { facade: true }),
            ...(!options.record && { record: false }),
            ...(!options.broker && { broker: false }),
            ...(options.consumerSelector && { selectors: options.consumerSelector }),
            ...(options.branch !== undefined && { branch: options.branch }),
            ...(options.wipSince !== undefined && { wipSince: options.wipSince }),
            ...(options.publishResults !== undefined && { publishResults: options.publishResults }),
            ...(options.providerVersion !== undefined && {
              providerVersion: options.providerVersion,
            }),
            onResult: (result) => report(session, options, result),
          },
          text: contractsText,
        });
      }),
  );
  contracts.addCommand(openapiCommand(session));
  contracts.addCommand(recordCommand(session));
  for (const command of brokerCommands(session)) contracts.addCommand(command);
  return contracts;
}

async function report(
  session: Session,
  options: VerifyOptions,
  result: ContractsResult,
): Promise<void> {
  const write = async (file: string | undefined, text: () => string): Promise<void> => {
    if (file === undefined) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text());
  };
  await write(options.junit, () => junit(result));
  await write(options.markdown, () => markdown(result));
  await write(options.gitlab, () => gitlabReport(result, result.broker ? '.' : result.pacts));
  const failed = Object.values(result.sides).some(({ ok }) => !ok);
  if (process.env.GITHUB_ACTIONS === 'true')
    for (const line of githubAnnotations(result)) session.terminal.talk(line);
  if (process.env.GITHUB_STEP_SUMMARY)
    await appendFile(process.env.GITHUB_STEP_SUMMARY, `${markdown(result)}\n`);
  // A failure is thrown afterwards as an error of one line: the matrix is what the reader needs first.
  if (failed && !options.json) session.terminal.talk(contractsText(result));
}
