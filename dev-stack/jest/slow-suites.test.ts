import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { slowSuites } from './slow-suites.ts';

test.each(slowSuites)('%s, which --quick leaves out, exists', (suite) => {
  expect(existsSync(new URL(`../../${suite}`, import.meta.url))).toBe(true);
});

test('none stands twice', () => {
  expect(slowSuites.toSorted()).toEqual([...new Set(slowSuites)].toSorted());
});
