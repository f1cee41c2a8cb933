import { expect, test } from '@jest/globals';
import {
  bothSides,
  directionFrom,
  directions,
  oppositeOf,
  otherSide,
  sourceOf,
  targetOf,
} from './directions.ts';

test('a stream flows away from the owner, and each word has one opposite', () => {
  expect(bothSides).toEqual(['monolith', 'service']);
  expect(directions).toEqual(['forward', 'reverse']);
  expect(bothSides.map(otherSide)).toEqual(['service', 'monolith']);
  expect(bothSides.map(directionFrom)).toEqual(['forward', 'reverse']);
  expect(directions.map(oppositeOf)).toEqual(['reverse', 'forward']);
  expect(directions.map(sourceOf)).toEqual(['monolith', 'service']);
  expect(directions.map(targetOf)).toEqual(['service', 'monolith']);
});
