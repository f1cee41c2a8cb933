import type { Side } from '@strangler-toolkit/plan';
import { Command, InvalidArgumentError } from 'commander';
import {
  type CommonOptions,
  count,
  makeCommand,
  print,
  runStep,
  type Session,
  withToolkit,
} from '../command.ts';
import { outboxConnectedText, outboxDisconnectedText, outboxStatusText } from '../text/outbox.ts';

const side = (text: string): Side => {
  if (text !== 'service' && text !== 'monolith')
    throw new InvalidArgumentError('must be service or monolith.');
  return text;
};

export function outboxCommand(session: Session): Command {
  const outbox = new Command('outbox')
    .summary('domain events that a service publishes')
    .description(
      "Lets Debezium carry the domain events in a service's outbox to Kafka. Needs CONNECT_URL and KAFKA_BROKERS.",
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ strangler outbox connect catalog\n  $ strangler outbox disconnect catalog',
    );
  outbox.addCommand(
    makeCommand({
      usage: 'connect <context>',
      summary: 'send the events to Kafka, from those that the outbox holds on',
      changes: true,
      description:
        'Publishes the outbox and registers a connector with the outbox event router: topics ' +
        '<context>.events.<aggregate type>. Runs again without harm: it brings the connector up ' +
        'to date, restarts a failed one and mends a lost slot.',
      examples: [
        'outbox connect catalog',
        'outbox connect catalog --dry-run',
        'outbox connect catalog --side monolith --table shop.outbox',
      ],
    })
      .option(
        '--side <side>',
        'whose database holds the outbox: service or monolith',
        side,
        'service',
      )
      .option('--table <name>', 'name of the table (default: outbox)')
      .option('--partitions <n>', 'of topics that do not exist yet (default 3)', count)
      .action(
        async (
          context: string,
          common: CommonOptions & { side: Side; table?: string; partitions?: number },
        ) => {
          const { outbox: step } = await import('../../steps/outbox.ts');
          await runStep(session, common, {
            step,
            options: {
              context,
              action: 'connect',
              side: common.side,
              ...(common.table !== undefined && { table: common.table }),
              ...(common.partitions !== undefined && { partitions: common.partitions }),
            },
            text: outboxConnectedText,
          });
        },
      ),
  );
  outbox.addCommand(
    makeCommand({
      usage: 'disconnect <context>',
      summary: 'remove the connector and its replication slot',
      changes: true,
      description:
        'Topics and the events in them stay. Events of later are in the outbox only, as long as the service keeps them there.',
      examples: ['outbox disconnect catalog', 'outbox disconnect catalog --dry-run'],
    })
      .option(
        '--side <side>',
        'whose database holds the outbox: service or monolith',
        side,
        'service',
      )
      .action(async (context: string, common: CommonOptions & { side: Side }) => {
        const { outbox: step } = await import('../../steps/outbox.ts');
        await runStep(session, common, {
          step,
          options: { context, action: 'disconnect', side: common.side },
          confirm: `Stop sending the events of ${context} to Kafka?`,
          text: outboxDisconnectedText,
        });
      }),
  );
  outbox.addCommand(
    makeCommand({
      usage: 'status <context>',
      summary: 'whether events flow, and what is wrong',
      description: 'Whether events flow. Exit 1 when they do not.',
      examples: ['outbox status catalog', 'outbox status catalog --json'],
    })
      .option(
        '--side <side>',
        'whose database holds the outbox: service or monolith',
        side,
        'service',
      )
      .action(async (context: string, common: CommonOptions & { side: Side }) => {
        const { outboxStatus } = await import('../../steps/outbox.ts');
        await withToolkit(session, common, async (kit) => {
          const result = await outboxStatus(kit, { context, side: common.side });
          print(session.terminal, common.json, result, () => outboxStatusText(context, result));
          session.exitCode = result.problem === null ? 0 : 1;
        });
      }),
  );
  return outbox;
}
