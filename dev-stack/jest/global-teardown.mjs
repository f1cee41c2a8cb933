import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { ofEndedChildren } from './cpu.mjs';
import { howToGet } from '../src/kafka/jars.ts';

function tellSkipped(file, missing) {
  if (!existsSync(file)) return;
  const suites = readFileSync(file, 'utf8').trim().split('\n');
  const line = '!'.repeat(100);
  process.stderr.write(
    [
      '',
      line,
      `NOT RUN: suites that need Kafka, because this machine lacks ${missing}.`,
      howToGet,
      ...suites.map((suite) => `  not run: ${suite}`),
      line,
      '',
    ].join('\n'),
  );
}

export default async function globalTeardown() {
  const began = ofEndedChildren();
  await globalThis.__strangler_test_kafka?.stop();
  await globalThis.__strangler_test_postgres?.stop();
  const { TEST_TIMES: times } = process.env;
  const shared = { suite: 'servers that suites share', seconds: 0, cpu: ofEndedChildren() - began };
  if (times) appendFileSync(times, `${JSON.stringify(shared)}\n`);
  await globalThis.__strangler_test_template?.remove();
  const { TEST_KAFKA_SKIPPED: file, TEST_KAFKA_MISSING: missing } = process.env;
  if (file) tellSkipped(file, missing);
  await globalThis.__strangler_test_skipped?.remove();
  await globalThis.__strangler_test_packed?.remove();
}
