import { expect, test } from '@jest/globals';
import { QuestionRoom } from './question-room.ts';

const fill = (room: QuestionRoom, address: () => string, proven = false): (() => void)[] =>
  Array.from({ length: 100 }, () => room.enter({ proven, address: address() })).filter(
    (end) => end !== undefined,
  );

test('one address that invents sessions leaves room for others, and for whom the monolith knows', () => {
  const room = new QuestionRoom();
  expect(fill(room, () => 'flood')).toHaveLength(24);
  expect(fill(room, () => 'anna')).toHaveLength(4);
  let next = 0;
  expect(fill(room, () => `many ${next++}`)).toHaveLength(20);
  expect(fill(room, () => 'flood', true)).toHaveLength(16);
});

test('what ends makes room again', () => {
  const room = new QuestionRoom();
  for (let round = 0; round < 3; round++) for (const end of fill(room, () => 'a')) end();
  expect(fill(room, () => 'a')).toHaveLength(24);
  const proven = fill(room, () => 'a', true);
  expect(proven).toHaveLength(40);
  proven[0]?.();
  expect(fill(room, () => 'a', true)).toHaveLength(1);
});
