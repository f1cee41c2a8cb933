import { expect, test } from '@jest/globals';
import { journalText } from './journal.ts';

const row = {
  id: 7,
  at: '2026-03-04T05:06:07.891234Z',
  context: 'catalog',
  epoch: 2,
  moveId: null,
  step: 'fence',
  status: 'done',
  actor: 'ada@shop (pid 1)',
  detail: { tables: ['public.items'] },
} as const;

test('when, where, what, how it ended and who did it, in columns', () => {
  expect(journalText(row)).toBe(
    '2026-03-04T05:06:07.891  catalog            2  done     fence                ' +
      'ada@shop (pid 1)  {"tables":["public.items"]}',
  );
});

test('the reason of somebody who passed gates by is shown before the rest', () => {
  expect(
    journalText({ ...row, status: 'forced', detail: { reason: 'the shop is closed', gates: [] } }),
  ).toContain('ada@shop (pid 1)  the shop is closed  {"reason"');
});

test('a context that has no epoch keeps its columns, and a long detail is cut', () => {
  const text = journalText({ ...row, epoch: null, detail: { text: 'x'.repeat(500) } });
  expect(text).toContain('catalog               done ');
  expect(text.slice(text.indexOf('{'))).toHaveLength(200);
});
