import { bothSides, type Side } from '@strangler-toolkit/plan';
import { type Command, Option } from 'commander';
import { type CommonOptions, makeCommand, runStep, type Session, several } from '../command.ts';
import { deploymentText, environmentText, publishText, webhookText } from '../text/broker.ts';

/** What a Pact Broker is told besides results. */
export const brokerCommands = (session: Session): Command[] => [
  publishCommand(session),
  recordDeploymentCommand(session),
  environmentCommand(session),
  webhookCommand(session),
];

interface PublishFlags extends CommonOptions {
  readonly consumerVersion?: string;
  readonly branch?: string;
  readonly tag?: string[];
  readonly buildUrl?: string;
  readonly merge?: boolean;
}

const publishCommand = (session: Session): Command =>
  makeCommand({
    usage: 'publish <context-or-folder>',
    summary: 'publish pacts to the Pact Broker',
    description:
      "Publishes the pacts of a context, or of a folder with a consumer's pacts (./pacts), to the broker of PACT_BROKER_BASE_URL.\n" +
      "The consumer's version is the commit of the folder, unless it is said; branch and address of the build are what the\n" +
      'pipeline says. What the broker answers is shown in its words. Exit code 8 when it refuses or does not answer.',
    changes: true,
    examples: [
      'contracts publish ./pacts',
      'contracts publish catalog --branch main --tag dev',
      'contracts publish ./pacts --consumer-version 1.4.2 --dry-run',
    ],
  })
    .option('--consumer-version <version>', "of the consumer (default: the folder's commit)")
    .option('--branch <name>', "the consumer's branch (default: what the pipeline says, or git)")
    .option('--tag <name>', 'tag of this version, several times', several)
    .option('--build-url <url>', 'of the build (default: what the pipeline says)')
    .option('--merge', 'add to what was published for this version: tests on several machines')
    .action(async (what: string, options: PublishFlags) => {
      const { contractsPublish } = await import('../../steps/contracts/broker/publish.ts');
      const { consumerVersion, branch, tag, buildUrl } = options;
      await runStep(session, options, {
        step: contractsPublish,
        options: {
          what,
          ...(consumerVersion !== undefined && { consumerVersion }),
          ...(branch !== undefined && { branch }),
          ...(tag && { tags: tag }),
          ...(buildUrl !== undefined && { buildUrl }),
          ...(options.merge && { merge: true }),
        },
        text: publishText,
      });
    });

interface DeploymentFlags extends CommonOptions {
  readonly side?: Side;
  readonly providerVersion?: string;
  readonly environment?: string;
}

const recordDeploymentCommand = (session: Session): Command =>
  makeCommand({
    usage: 'record-deployment <context>',
    summary: 'tell the Pact Broker which version serves',
    description:
      'Records at the broker that a version of contracts.provider is deployed in an environment. Cutover and rollback do it by\n' +
      'themselves where PACT_BROKER_BASE_URL and PACT_BROKER_ENVIRONMENT are set; this is for what they could not record.',
    changes: true,
    examples: [
      'contracts record-deployment catalog',
      'contracts record-deployment catalog --side service --provider-version 4f2c1e0 --environment production',
    ],
  })
    .addOption(
      new Option('--side <side>', 'which side serves (default: the owner of the context)').choices(
        bothSides,
      ),
    )
    .option('--provider-version <version>', 'what it is (default: what it says of itself)')
    .option('--environment <name>', 'where (default: PACT_BROKER_ENVIRONMENT)')
    .action(async (context: string, options: DeploymentFlags) => {
      const { contractsRecordDeployment } =
        await import('../../steps/contracts/broker/record-deployment.ts');
      const { side, providerVersion, environment } = options;
      await runStep(session, options, {
        step: contractsRecordDeployment,
        options: {
          context,
          ...(side !== undefined && { side }),
          ...(providerVersion !== undefined && { providerVersion }),
          ...(environment !== undefined && { environment }),
        },
        onlyLooks: true,
        text: deploymentText,
      });
    });

interface EnvironmentFlags extends CommonOptions {
  readonly displayName?: string;
  readonly production?: boolean;
}

const environmentCommand = (session: Session): Command =>
  makeCommand({
    usage: 'environment <name>',
    summary: 'make an environment at the Pact Broker, unless it is there',
    changes: true,
    examples: ['contracts environment staging', 'contracts environment production --production'],
  })
    .option('--display-name <text>', 'for people (default: the name)')
    .option('--production', 'it serves customers')
    .action(async (name: string, options: EnvironmentFlags) => {
      const { contractsEnvironment } = await import('../../steps/contracts/broker/setup.ts');
      const { displayName, production } = options;
      await runStep(session, options, {
        step: contractsEnvironment,
        options: {
          name,
          ...(displayName !== undefined && { displayName }),
          ...(production && { production }),
        },
        text: environmentText,
      });
    });

interface WebhookFlags extends CommonOptions {
  readonly url: string;
  readonly description?: string;
  readonly header?: string[];
  readonly secretHeader?: string[];
  readonly body?: string;
}

const webhookCommand = (session: Session): Command =>
  makeCommand({
    usage: 'webhook <context>',
    summary: "let the Pact Broker start the provider's pipeline",
    description:
      'Makes or renews the webhook that calls an address whenever a pact with contracts.provider wants verification\n' +
      '(contract_requiring_verification_published). The body is what GitHub takes as repository_dispatch, unless a file has another.',
    changes: true,
    examples: [
      'contracts webhook catalog --url https://api.github.com/repos/shop/catalog/dispatches --secret-header Authorization=DISPATCH_AUTH',
      'contracts webhook catalog --url https://ci.example.com/hooks/catalog --body webhook.json --dry-run',
    ],
  })
    .requiredOption('--url <url>', 'what is called, by POST')
    .option('--description <text>', 'the same description is the same webhook')
    .option('--header <header>', "'Name: value', several times", several)
    .option(
      '--secret-header <header>',
      'Name=VARIABLE: its value stands in the environment, several times',
      several,
    )
    .option('--body <file>', 'JSON; may hold ${pactbroker.pactUrl} and the other variables')
    .action(async (context: string, options: WebhookFlags) => {
      const { contractsWebhook } = await import('../../steps/contracts/broker/setup.ts');
      const { url, description, header, secretHeader, body } = options;
      await runStep(session, options, {
        step: contractsWebhook,
        options: {
          context,
          url,
          ...(description !== undefined && { description }),
          ...(header && { headers: header }),
          ...(secretHeader && { secretHeaders: secretHeader }),
          ...(body !== undefined && { bodyFile: body }),
        },
        text: webhookText,
      });
    });
