import { expect, test } from '@jest/globals';
import { Aliases } from './aliases.ts';

test('what was learnt is the same person, in one direction, and is news once', () => {
  const aliases = new Aliases();
  expect(aliases.learn('old', ['new', 'old'])).toBe(true);
  expect(aliases.learn('old', ['new'])).toBe(false);
  expect(aliases.of(['old'])).toEqual(['old', 'new']);
  expect(aliases.of(['new'])).toEqual(['new']);
  expect(aliases.of(['new', 'old'])).toEqual(['new', 'old']);
  expect(aliases.of([])).toEqual([]);
});
test('of a session that changes with each answer the last ones are kept', () => {
  const aliases = new Aliases();
  for (let n = 0; n < 50; n++) aliases.learn('user', [`session-${n}`]);
  expect(aliases.of(['user'])).toHaveLength(9);
  expect(aliases.of(['user'])).toContain('session-49');
});
test('the people who were learnt first are forgotten first', () => {
  const aliases = new Aliases();
  for (let n = 0; n <= 20_000; n++) aliases.learn(`user-${n}`, ['other']);
  expect(aliases.of(['user-0'])).toEqual(['user-0']);
  expect(aliases.of(['user-1'])).toEqual(['user-1', 'other']);
});
