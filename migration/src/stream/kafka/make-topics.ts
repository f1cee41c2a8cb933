import { StranglerError } from '@strangler-toolkit/plan';
import type { Admin, ITopicConfig } from 'kafkajs';
import { pause } from '../../pause.ts';

interface FromBroker {
  readonly type?: string;
  /** Of an error that kafkajs gives up on after its own attempts. */
  readonly cause?: unknown;
}

/** What a broker answers about a topic that the controller has made and the broker has not read of yet. */
const notYet = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/**
 * Makes topics and returns when every partition has a leader. kafkajs' own wait (`waitForLeaders`) fails where a broker has not
 * heard of the topic yet (tulios/kafkajs#1222), and gives a busy controller only 5 s.
 * @throws StranglerError TIMEOUT, and what kafkajs throws
 */
export async function makeTopics(
  admin: Pick<Admin, 'createTopics' | 'fetchTopicMetadata'>,
  topics: readonly ITopicConfig[],
  timeoutMs = 30_000,
): Promise<void> {
  if (topics.length === 0) return;
  const names = topics.map(({ topic }) => topic);
  const deadline = performance.now() + timeoutMs;
  const never = new AbortController().signal;
  // Below the 30 s after which kafkajs gives up a request.
  await admin.createTopics({ topics: [...topics], waitForLeaders: false, timeout: 25_000 });
  while (!(await allLed(admin, names))) {
    if (performance.now() > deadline)
      throw new StranglerError(
        'TIMEOUT',
        `Topic ${names.join(', ')} has no leader for each of its partitions after ${timeoutMs / 1000} s`,
        { remedy: 'Look whether all brokers are up, then run the command again.' },
      );
    await pause(100, never);
  }
}

async function allLed(
  admin: Pick<Admin, 'fetchTopicMetadata'>,
  names: readonly string[],
): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
    return names.every((name) => {
      const partitions = topics.find((topic) => topic.name === name)?.partitions ?? [];
      return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
    });
  } catch (error) {
    if (isNotYet(error)) return false;
    throw error;
  }
}

function isNotYet(error: unknown): boolean {
  const { type, cause } = error as FromBroker;
  return notYet.has(type ?? '') || (cause instanceof Error && isNotYet(cause));
}
