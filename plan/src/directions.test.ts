import { expect, test } from '@jest/globals';
import {
  bothSides,
  directionFrom,
  directions,
  endsOf,
  oppositeOf,
  otherSide,
  sidesOf,
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

test('what each side has is told by the ends of a stream, and back', () => {
  const urls = { monolith: 'm', service: 's' };
  expect(endsOf('forward', urls)).toEqual({ source: 'm', target: 's' });
  expect(endsOf('reverse', urls)).toEqual({ source: 's', target: 'm' });
  for (const direction of directions) {
    const { source, target } = endsOf(direction, urls);
    expect(sidesOf(direction, source, target)).toEqual(urls);
  }
});
