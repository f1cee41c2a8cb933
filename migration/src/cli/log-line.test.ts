import { describe, expect, test } from '@jest/globals';
import { logLine, logSettings } from './log-line.ts';

describe('a line of the log', () => {
  test('is one JSON object with the levels of pino; its words cannot be overwritten by fields', () => {
    const fields = { context: 'goods', position: 5n, msg: 'other' };
    const line = logLine({ level: 'warn', msg: 'two\nlines', fields }, 'info', 7);
    expect(line).toBe(
      '{"level":40,"time":7,"name":"strangler","context":"goods","position":"5","msg":"two\\nlines"}',
    );
  });

  test.each([
    ['debug', 'info', false],
    ['info', 'info', true],
    ['warn', 'error', false],
    ['error', 'silent', false],
    ['debug', 'debug', true],
  ] as const)('%s at level %s is written: %s', (level, threshold, written) => {
    expect(logLine({ level, msg: '' }, threshold, 0) !== null).toBe(written);
  });
});

test('people get text unless somebody asks for json; what is misspelt is refused', () => {
  expect(logSettings({})).toEqual({ format: 'text', level: 'info' });
  expect(logSettings({ STRANGLER_LOG: 'json', STRANGLER_LOG_LEVEL: 'debug' })).toEqual({
    format: 'json',
    level: 'debug',
  });
  expect(() => logSettings({ STRANGLER_LOG: 'jsno' })).toThrow('one of text, json');
  expect(() => logSettings({ STRANGLER_LOG_LEVEL: 'loud' })).toThrow('STRANGLER_LOG_LEVEL');
});
