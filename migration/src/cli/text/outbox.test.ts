import { expect, test } from '@jest/globals';
import { outboxConnectedText, outboxDisconnectedText, outboxStatusText } from './outbox.ts';

const connector = { context: 'catalog', connector: 'strangler-catalog-outbox' };

test('topics are named in words, and events that were waiting are counted', () => {
  const topics = 'catalog.events.${routedByValue}';
  expect(
    outboxConnectedText({ ...connector, topics, eventsSent: 3, differences: ['table.x: a → b'] }),
  ).toBe(
    'table.x: a → b\ncatalog: connector strangler-catalog-outbox runs and writes to catalog.events.<aggregate type>; 3 events that the outbox held were sent',
  );
});

test('a connector that was not there is no success of removing it', () => {
  expect(outboxDisconnectedText({ ...connector, state: 'removed' })).toMatch(
    /and its slot are removed$/,
  );
  expect(outboxDisconnectedText({ ...connector, state: 'absent' })).toMatch(/does not exist$/);
});

test('a problem comes with the command that mends it', () => {
  const state = { topics: 'catalog.events.${routedByValue}', retainedBytes: '2048' };
  expect(outboxStatusText('catalog', { ...state, problem: 'the task failed' })).toBe(
    'catalog: the task failed\nrun: strangler outbox connect catalog\n2 kB of log wait to be read',
  );
  expect(outboxStatusText('catalog', { ...state, problem: null })).toBe(
    'catalog: events flow to catalog.events.<aggregate type>\n2 kB of log wait to be read',
  );
});
