import { expect, test } from '@jest/globals';
import { createKafka } from './kafka-client.ts';

test('the noise of kafkajs about negative timeouts is kept off the screen, other warnings are not', () => {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning')!;
  const shown: unknown[] = [];
  process.emitWarning = (...args: unknown[]) => void shown.push(args[1]);
  try {
    createKafka({ brokers: ['127.0.0.1:1'], clientId: 'test' });
    process.emitWarning('-1 is a negative number', 'TimeoutNegativeWarning');
    process.emitWarning('something else', 'DeprecationWarning');
    expect(shown).toEqual(['DeprecationWarning']);
  } finally {
    Object.defineProperty(process, 'emitWarning', original);
  }
});
