import type { OutboxStepResult, outboxStatus } from '../../steps/outbox.ts';

type OutboxStatus = Awaited<ReturnType<typeof outboxStatus>>;

/** Debezium's placeholder in words: each type of aggregate has its own topic. */
const topicNames = (topics: string): string =>
  topics.replace('${routedByValue}', '<aggregate type>');

export const outboxConnectedText = (
  result: Pick<OutboxStepResult, 'context' | 'connector' | 'topics' | 'eventsSent' | 'differences'>,
): string =>
  [
    ...result.differences,
    `${result.context}: connector ${result.connector} runs and writes to ${topicNames(result.topics)}` +
      (result.eventsSent > 0 ? `; ${result.eventsSent} events that the outbox held were sent` : ''),
  ].join('\n');

export const outboxDisconnectedText = (
  result: Pick<OutboxStepResult, 'context' | 'connector' | 'state'>,
): string =>
  `${result.context}: connector ${result.connector} ${result.state === 'removed' ? 'and its slot are removed' : 'does not exist'}`;

export const outboxStatusText = (
  context: string,
  result: Pick<OutboxStatus, 'problem' | 'topics' | 'retainedBytes'>,
): string =>
  [
    ...(result.problem === null
      ? [`${context}: events flow to ${topicNames(result.topics)}`]
      : [`${context}: ${result.problem}`, `run: strangler outbox connect ${context}`]),
    `${Math.round(Number(result.retainedBytes) / 1024)} kB of log wait to be read`,
  ].join('\n');
