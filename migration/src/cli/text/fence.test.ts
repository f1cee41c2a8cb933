import { expect, test } from '@jest/globals';
import { fenceSeenText, fenceText } from './fence.ts';

const quiet = {
  refused: '0',
  refusedEarlier: '0',
  lastRefusedAt: null,
  refusedWriters: [],
  owner: null,
  tables: [],
  open: [],
} as const;
const standing = {
  context: 'catalog',
  epoch: 3,
  monolith: { ...quiet, mode: 'audit' },
  service: { ...quiet, mode: 'none' },
} as const;
const writer = {
  side: 'monolith',
  epoch: 3,
  writes: '12',
  operation: 'UPDATE',
  table: 'shop.products',
  application: 'nightly',
  user: 'batch',
  query: 'x'.repeat(300),
  firstAt: '2026-01-01 10:00:00',
  lastAt: '2026-01-01 11:00:00',
} as const;

test('nobody seen: one line', () => {
  expect(fenceText({ ...standing, strayWriters: [] })).toBe(
    'catalog, epoch 3: fence on the monolith audit (0 writes refused in this epoch), ' +
      'fence on the service none (0 writes refused in this epoch)',
  );
});

test('writers past the facade are listed, their statements cut short', () => {
  const [, title, head, line] = fenceText({ ...standing, strayWriters: [writer] }).split('\n');
  expect(title).toBe('logged:');
  expect(head).toMatch(/^writes +operation +table +application +user +query$/);
  expect(line).toMatch(/^12 +UPDATE +shop\.products +nightly +batch +x{100}$/);
});

test('what other epochs logged is one number, beside nothing of this one', () => {
  const lines = fenceText({
    ...standing,
    strayWriters: [
      { ...writer, epoch: 1 },
      { ...writer, epoch: null, writes: '3' },
    ],
  }).split('\n');
  expect(lines.slice(1)).toEqual(['15 writes were logged in earlier epochs: --json tells them']);
});

test('who was refused what is listed, on both sides, with what earlier epochs refused as a number', () => {
  const [first, title, head, ...lines] = fenceText({
    ...standing,
    monolith: {
      ...standing.monolith,
      refused: '5',
      refusedEarlier: '7',
      lastRefusedAt: '2026-01-01T10:00:00.000Z',
      refusedWriters: [{ table: 'public.p', operation: 'DELETE', user: 'cron', writes: '5' }],
    },
    service: {
      ...standing.service,
      refused: '1',
      refusedWriters: [{ table: null, operation: null, user: null, writes: '1' }],
    },
    strayWriters: [],
  }).split('\n');
  expect(first).toBe(
    'catalog, epoch 3: fence on the monolith audit (5 writes refused in this epoch, the last ' +
      '2026-01-01T10:00:00.000Z, 7 earlier), fence on the service none (1 writes refused in this epoch)',
  );
  expect(title).toBe('refused:');
  expect(head).toMatch(/^writes +operation +side +table +user$/);
  expect(lines[0]).toMatch(/^5 +DELETE +monolith +public\.p +cron$/);
  expect(lines[1]).toMatch(/^1 +not told +service +another one +another one$/);
});

test('what counts as seen is told, with who it was', () => {
  const seen = { context: 'catalog', epoch: 3, reason: 'moved', monolith: quiet, service: quiet };
  expect(fenceSeenText(seen)).toBe(
    'catalog, epoch 3: 0 writes refused on the monolith and 0 on the service count as seen from here on; the journal has them',
  );
  const refusedWriters = [{ table: 'public.p', operation: 'DELETE', user: 'cron', writes: '5' }];
  expect(fenceSeenText({ ...seen, monolith: { ...quiet, refused: '5', refusedWriters } })).toMatch(
    /: 5 writes refused on the monolith[^]*5 +DELETE +monolith +public\.p +cron/,
  );
});
