import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { serveSharedKafka, serviceVariable, sharedKafka } from './shared.ts';

const names = ['KAFKA_BROKERS', 'CONNECT_URL', 'PATH', 'JAVA_HOME', serviceVariable];
let before: Record<string, string | undefined>;
beforeEach(() => {
  before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  for (const name of names) if (name !== 'PATH') delete process.env[name];
});
afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test('a Kafka and a worker named in the environment are used instead of starting any', async () => {
  process.env.KAFKA_BROKERS = 'kafka-1:9092,kafka-2:9092';
  process.env.CONNECT_URL = 'http://connect:8083';
  expect(await sharedKafka()).toEqual({
    brokers: 'kafka-1:9092,kafka-2:9092',
    connectUrl: 'http://connect:8083',
  });
});

test('outside of a test run the error says what to set', async () => {
  await expect(sharedKafka()).rejects.toThrow(/npm test, or set KAFKA_BROKERS and CONNECT_URL/);
});

test('a Kafka that cannot be started fails everyone who asks for it, with the reason', async () => {
  const service = await serveSharedKafka();
  process.env[serviceVariable] = service.url;
  process.env.PATH = '/nowhere';
  const asked = await Promise.allSettled([sharedKafka(), sharedKafka()]);
  await service.stop();
  expect(asked.map((answer) => answer.status === 'rejected' && String(answer.reason))).toEqual([
    expect.stringContaining('Java was not found'),
    expect.stringContaining('Java was not found'),
  ]);
});
