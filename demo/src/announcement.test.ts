import { expect, test } from '@jest/globals';
import { announced, announcement } from './announcement.ts';

test('the short story is announced with less than 45 seconds, its start included', () => {
  expect(announced.start + announced.fast).toBeLessThan(45);
  expect(announcement({ byHand: false, fast: true })).toBe(
    '10 seconds on a quiet machine, 30 on a busy one; then 30 seconds for the cutover.',
  );
});

test('the whole one, and the one that is typed by hand, say what comes after the start', () => {
  expect(announcement({ byHand: false, fast: false })).toContain('then one to 2 minutes');
  expect(announcement({ byHand: true, fast: false })).toMatch(/then you type the commands\.$/);
});
