import { expect, test } from '@jest/globals';
import { keptBack, toAsk } from './to-ask.ts';

const log = [
  '/verify-email?token=4eC39HqLyjWDarjtT1zdp7dc',
  '/verify-email?token=4eC39HqLyjWDarjtT1zdp7dc',
  '/verify-email?lang=de',
  '/verify-email?lang=de',
  '/verify-email?lang=en',
].map((target) => ({ method: 'GET', target }));

test('the monolith is asked each target once, and none that carries a token: it would be spent', () => {
  expect(toAsk('/verify-email', log, 50).map(({ target }) => target)).toEqual([
    '/verify-email?lang=de',
    '/verify-email?lang=en',
  ]);
  expect(toAsk('/verify-email', log, 1)).toHaveLength(1);
  expect(keptBack('/verify-email', log)).toBe(1);
});

test('what the path carries is judged by the name that the route gives it', () => {
  const asked = [{ method: 'GET', target: '/download/4711' }];
  expect(toAsk('/download/:id', asked, 50)).toHaveLength(1);
  expect(toAsk('/download/:token', asked, 50)).toEqual([]);
  expect(keptBack('/download/:token', asked)).toBe(1);
});

test('what was answered, and what is no GET, is not asked', () => {
  const recorded = [
    { method: 'GET', target: '/a', answer: { status: 200 } },
    { method: 'HEAD', target: '/a' },
  ];
  expect([toAsk('/a', recorded, 50), keptBack('/a', recorded)]).toEqual([[], 0]);
});
