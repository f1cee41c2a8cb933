import { expect, test } from '@jest/globals';
import {
  heartbeatTopic,
  streamOf,
  tableTopic,
  tableTopics,
  transactionTopic,
} from './topic-names.ts';

test('what Kafka does not take in a name becomes an underscore, as Debezium makes it', () => {
  expect(tableTopic('s_1', { schema: 'public', table: 'products' })).toBe('s_1.public.products');
  expect(tableTopic('s_1', { schema: 'odd', table: 'Größe, "a.b' })).toBe('s_1.odd.Gr__e___a.b');
});

test('two tables that would share a topic are refused', () => {
  expect(() =>
    tableTopics('s', [
      { schema: 'a', table: 'x y' },
      { schema: 'a', table: 'x_y' },
    ]),
  ).toThrow('Tables a.x y and a.x_y would share the topic s.a.x_y');
});

test.each([
  ['slot_0123abcd', 'slot_0123abcd'],
  [transactionTopic('slot_0123abcd'), 'slot_0123abcd'],
  [heartbeatTopic('slot_0123abcd'), 'slot_0123abcd'],
  ['slot_0123abcd.public.products', 'slot_0123abcd'],
  ['slot', null],
  ['slot.public.products', null],
  ['slot_other_0123abcd', null],
  ['slot_0123abcde', null],
  ['other_0123abcd', null],
  ['slot_0123abcX.public.products', null],
])('%s belongs to the stream %s of the slot', (name, stream) =>
  expect(streamOf('slot', name)).toBe(stream),
);
