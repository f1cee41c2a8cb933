import { expect, test } from '@jest/globals';
import { goneFacades } from './gone-facades.ts';

const facade = (name: string, started: number, heard: number) => ({
  name,
  alive: heard < 10,
  startedAgeSeconds: started,
  heartbeatAgeSeconds: heard,
});

test('a facade that was started again is not missing', () => {
  expect(goneFacades([facade('a', 900, 60), facade('a', 50, 1)])).toEqual([]);
});

test('one whose namesakes ran beside it is', () => {
  const gone = facade('a', 900, 60);
  expect(goneFacades([gone, facade('a', 900, 1), facade('b', 5, 1)])).toEqual([gone]);
});

test('one new one takes the place of one old one', () => {
  const both = [facade('a', 900, 60), facade('a', 800, 70)];
  expect(goneFacades([...both, facade('a', 50, 1)])).toHaveLength(1);
  expect(goneFacades(both)).toEqual(both);
});
