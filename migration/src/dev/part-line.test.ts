import { expect, test } from '@jest/globals';
import { partLine } from './part-line.ts';

const logged = (entry: object) => partLine(JSON.stringify(entry));

test('where a facade and a worker listen is read from what they say', () => {
  expect(
    logged({ level: 30, host: '127.0.0.1', port: 8080, adminPort: 8081, msg: 'listening' }),
  ).toEqual({
    text: 'listening',
    level: 'info',
    clients: 8080,
    operators: 'http://127.0.0.1:8081',
  });
  expect(
    logged({ level: 30, step: 'port', msg: 'health and metrics: http://127.0.0.1:9' }),
  ).toMatchObject({ operators: 'http://127.0.0.1:9' });
});

test('what is wrong keeps its level, its code once, and the remedy', () => {
  const code = 'SLOT_LOST';
  expect(
    logged({ level: 50, msg: 'it is gone', code, remedy: 'Run strangler replicate.' }),
  ).toEqual({ text: 'it is gone; SLOT_LOST; Run strangler replicate.', level: 'error' });
  expect(logged({ level: 40, msg: 'SLOT_LOST: it is gone', code })).toEqual({
    text: 'SLOT_LOST: it is gone',
    level: 'warn',
  });
});

test('what a facade decided stands beside its word; a worker said it already', () => {
  const entry = { level: 30, time: 1, msg: 'ownership', context: 'goods', epoch: '2', hold: null };
  expect(logged(entry).text).toBe('ownership context=goods epoch=2');
  expect(logged({ ...entry, step: 'worker' }).text).toBe('ownership');
});

test.each(['plain', '{ "half": ', '{"level":30}', '[1]', ''])('%j is shown as it is', (line) => {
  expect(partLine(line)).toEqual({ text: line, level: 'info' });
});
