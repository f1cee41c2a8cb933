import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { slowSuites } from './slow-suites.ts';

test.each(slowSuites)('%s, which --quick leaves out, exists', (suite) => {
  expect(existsSync(new URL(`../../${suite}`, import.meta.url))).toBe(true);
});
