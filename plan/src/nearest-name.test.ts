import { describe, expect, test } from '@jest/globals';
import { nearestName, unknownName } from './nearest-name.ts';

describe('a name that was mistyped', () => {
  test.each([
    ['colums', 'columns'],
    ['columnss', 'columns'],
    ['cxlumns', 'columns'],
    ['COLUMNS', 'columns'],
    ['rotues', 'routes'],
    ['route', 'routes'],
    ['xx', 'ab'],
    ['abcdefghi', 'abcdefxyz'],
    ['Ab', 'ab'],
  ])('%s was meant to be %s', (typed, meant) =>
    expect(nearestName(typed, ['zzzzzzzzzzzz', meant, 'qqqqqqqqqqqqqqq'])).toBe(meant),
  );

  test.each([
    ['colour', ['columns']],
    ['xxx', ['abc']],
    ['abcdefgh', ['abcdexyz']],
    ['a', []],
  ])('%s is none of %j', (typed, known) => expect(nearestName(typed, known)).toBeUndefined());

  test('the nearest is chosen, the first of those that are as near', () => {
    expect(nearestName('abcd', ['abxx', 'abcx', 'xbcd'])).toBe('abcx');
    expect(nearestName('kitten', ['sitting', 'kitchen', 'mitten'])).toBe('mitten');
  });

  test('is told with it, or with all that are known', () => {
    expect(unknownName('route', ['routes', 'tables'])).toBe(
      '"route" is not known; did you mean "routes"?',
    );
    expect(unknownName('elephant', ['routes', 'tables'])).toBe(
      '"elephant" is not known; known: routes, tables',
    );
  });
});
