import { expect, test } from '@jest/globals';
import { fenceText } from './fence.ts';

const standing = {
  context: 'catalog',
  monolith: { mode: 'audit', refused: '0', owner: null, tables: [], open: [] },
  service: { mode: 'none', refused: '0', owner: null, tables: [], open: [] },
} as const;

test('nobody seen: one line', () => {
  expect(fenceText({ ...standing, strayWriters: [] })).toBe(
    'catalog: fence on the monolith audit (0 writes refused so far), on the service none',
  );
});

test('writers past the facade are listed, their statements cut short', () => {
  const writer = {
    writes: '12',
    operation: 'UPDATE',
    table: 'shop.products',
    application: 'nightly',
    user: 'batch',
    query: 'x'.repeat(300),
    firstAt: '2026-01-01 10:00:00',
    lastAt: '2026-01-01 11:00:00',
  };
  const [, head, line] = fenceText({ ...standing, strayWriters: [writer] }).split('\n');
  expect(head).toMatch(/^writes +operation +table +application +user +query$/);
  expect(line).toMatch(/^12 +UPDATE +shop\.products +nightly +batch +x{100}$/);
});
