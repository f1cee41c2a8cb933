import { expect, test } from '@jest/globals';
import { recordedAnswers } from './recorded-answers.ts';

const archive = (...entries: object[]): string => JSON.stringify({ log: { entries } });
const request = { method: 'POST', url: 'http://shop.test/orders', headers: [] };

test.each([0, -1])(
  'a request that nobody answered (%j) has neither status nor answer',
  (status) => {
    const { recorded } = recordedAnswers(
      archive({ request, response: { status, headers: [], content: { text: '' } } }),
    );
    expect(recorded).toEqual([{ method: 'POST', target: '/orders', sent: [] }]);
  },
);

test('nor has one of a log', () => {
  const line = (status: number): string =>
    JSON.stringify({ method: 'POST', path: '/orders', status });
  expect(recordedAnswers([line(0), line(201)].join('\n')).recorded).toEqual([
    { method: 'POST', target: '/orders' },
    { method: 'POST', target: '/orders', status: 201 },
  ]);
});

test('an empty body is none', () => {
  const sent = (text: string) =>
    recordedAnswers(
      archive({
        request: { ...request, postData: { mimeType: '', text } },
        response: { status: 201, headers: [] },
      }),
    ).recorded.map(({ body }) => body);
  expect(sent('')).toEqual([undefined]);
  expect(sent('a=1')).toEqual([{ contentType: '', text: 'a=1' }]);
});
