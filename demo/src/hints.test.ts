import { expect, test } from '@jest/globals';
import { hintsAt } from './hints.ts';

test.each([
  [undefined, 'replicate'],
  ['monolith', 'replicate'],
  ['replicating', 'shadow'],
  ['shadowing', 'ramp'],
  ['canary', 'cutover'],
  ['service', 'rollback'],
])('at stage %s the way on is %s', (stage, command) => {
  expect(hintsAt(stage).at(-1)).toMatch(new RegExp(`^npx strangler ${command} catalog`));
});

test('nobody is told to go back from where nothing has moved', () => {
  expect(hintsAt('monolith').join()).not.toContain('rollback');
});
