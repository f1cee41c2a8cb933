import { expect, test } from '@jest/globals';
import { lookAtHealth } from './upstream-health.ts';

const asked: string[] = [];
const look = (answers: Record<string, number>, path?: string) => {
  asked.length = 0;
  return lookAtHealth({ url: 'http://a/base/', path }, async (address) => {
    asked.push(address);
    return answers[new URL(address).pathname] ?? 404;
  });
};

test('the usual addresses are tried until one is known', async () => {
  expect(await look({ '/base/healthz': 204 })).toEqual({ up: true, how: '/healthz answers 204' });
  expect(asked).toEqual([
    'http://a/base/health/ready',
    'http://a/base/health',
    'http://a/base/healthz',
  ]);
  expect(await look({ '/base/health': 302 })).toEqual({ up: true, how: '/health answers 302' });
});
test('who knows none of them is there all the same', async () =>
  expect(await look({})).toEqual({ up: true, how: 'it answers; no health address is known' }));
test('who says that it is not well is not', async () => {
  expect(await look({ '/base/health': 503, '/base/healthz': 200 })).toEqual({
    up: false,
    why: '/health answers 503',
  });
  expect(await look({}, '/ping')).toEqual({ up: false, why: '/ping answers 404' });
  expect(await look({ '/base/ping': 200 }, '/ping')).toEqual({
    up: true,
    how: '/ping answers 200',
  });
  expect(asked).toEqual(['http://a/base/ping']);
});
test.each([
  [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new Error('no answer in time'), 'no answer in time'],
])('nobody there: %s', async (error, why) =>
  expect(await lookAtHealth({ url: 'http://a' }, () => Promise.reject(error))).toEqual({
    up: false,
    why: `does not answer (${why})`,
  }),
);
