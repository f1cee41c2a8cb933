import { appendFileSync } from 'node:fs';
import { describe } from '@jest/globals';

export interface KafkaSuite {
  /** The suite starts brokers or workers of its own: KAFKA_BROKERS of somebody else are no help. */
  readonly ownServers?: boolean;
}

/** A suite that needs Kafka. Where it cannot be started, the suite is not run, and the end of the test run says so in capitals. */
export function describeWithKafka(
  name: string,
  suite: () => void,
  { ownServers = false }: KafkaSuite = {},
): void {
  const {
    TEST_KAFKA_MISSING: missing,
    TEST_KAFKA_SKIPPED: skipped,
    KAFKA_BROKERS: brokers,
    CONNECT_URL: connect,
  } = process.env;
  const runs = !missing || (brokers && connect && !ownServers);
  if (!runs && skipped) appendFileSync(skipped, `${name}\n`);
  const block = runs ? describe : describe.skip;
  block(name, suite);
}
