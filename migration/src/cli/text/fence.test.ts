import { expect, test } from '@jest/globals';
import { fenceRearmText, fenceSeenText, fenceText } from './fence.ts';

const quiet = {
  refused: '0',
  refusedEarlier: '0',
  lastRefusedAt: null,
  refusedWriters: [],
  owner: null,
  tables: [],
  open: [],
  passesReplica: [],
  openings: null,
} as const;
const standing = {
  context: 'catalog',
  epoch: 3,
  monolith: { ...quiet, mode: 'audit' },
  service: { ...quiet, mode: 'none' },
  forgotten: null,
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

const openings = {
  since: '2026-01-01T10:00:00Z',
  opened: 2,
  noticed: ['the fence of public.p was switched off'],
  noticedAt: null,
};

test('who stepped round a fence is told, with what to do; a fence that held says nothing of it', () => {
  const told = (service: object): string[] =>
    fenceText({
      ...standing,
      service: { ...standing.service, ...service },
      strayWriters: [],
    })
      .split('\n')
      .slice(1);
  expect(told({ openings: { ...openings, opened: 0 } })).toEqual([]);
  expect(told({ openings, passesReplica: ['public.p'] })).toEqual([
    'fence on the service opened 2 times since 2026-01-01T10:00:00Z, the last time: the fence of public.p was switched off. ' +
      'Writes in between left no trace: strangler fence rearm catalog, then strangler verify catalog',
    'sessions in replica role pass the fence of public.p on the service: strangler fence rearm catalog ends that',
  ]);
});

test('a fence that is set anew says what has to be compared, where somebody had opened it', () => {
  const set = {
    context: 'catalog',
    side: 'service',
    owner: 'monolith',
    tables: ['public.p'],
  } as const;
  expect(fenceRearmText({ ...set, wereOpen: [], openings: { ...openings, opened: 0 } })).toBe(
    'catalog: the fence of the service was set anew on public.p',
  );
  expect(
    fenceRearmText({ ...set, wereOpen: ['public.p'], openings })
      .split('\n')
      .slice(1),
  ).toEqual([
    'open until now: public.p',
    'opened 2 times since 2026-01-01T10:00:00Z, the last time: the fence of public.p was switched off',
    'next: strangler verify catalog. What was verified before counts no more',
  ]);
});
