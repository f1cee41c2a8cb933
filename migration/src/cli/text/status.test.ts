import { expect, test } from '@jest/globals';
import type { ContextStatus } from '../../steps/status.ts';
import { statusText } from './status.ts';

const plain = { style: (_format: unknown, text: string): string => text };
const fresh: ContextStatus = {
  context: 'catalog',
  data: 'replicated',
  stage: 'monolith',
  owner: 'monolith',
  epoch: 1,
  ownedForSeconds: 0,
  held: false,
  worker: null,
  stream: null,
  verification: null,
  earlierVerification: null,
  allowed: null,
  flagsProblem: 'UNLEASH_URL is not set',
  pacts: null,
  shadow: [],
  sides: {
    monolith: {
      health: { up: true, how: 'it answers' },
      recent: { requests: 0, errors: 0, refused: 0, p99Ms: 0 },
    },
    service: {
      health: { up: false, why: 'does not answer (ECONNREFUSED)' },
      recent: { requests: 40, errors: 10, refused: 4, p99Ms: 200 },
    },
  },
  because: null,
  reads: [],
  readBy: [],
  traffic: { requests: 0, anonymous: 0, identities: 0, shares: [] },
  fence: null,
  deadLetters: null,
  deadLettersProblem: null,
  flags: null,
  facades: { alive: 1, gone: 0, behind: 0, otherPlan: [] },
  standIn: null,
  untold: null,
  working: null,
  nextMove: 'replicate',
  gates: [
    {
      gate: 'databases',
      ok: true,
      actual: 'both reachable',
      expected: 'both reachable',
      remedy: '',
    },
    {
      gate: 'mapping',
      ok: false,
      actual: 'no column x',
      expected: 'it compiles',
      remedy: 'mend it',
    },
  ],
  nextCommand: 'strangler replicate catalog',
};
const lines = (changes: Partial<ContextStatus>): string[] =>
  statusText({ ...fresh, ...changes }, plain)
    .split('\n')
    .map((line) => line.trim().replaceAll(/ {2,}/g, '  '));

test('a context at its beginning', () => {
  expect(lines({})).toEqual([
    'catalog  stage monolith, owner monolith (epoch 1), data replicated',
    'worker  never seen',
    'lag  not known',
    'verification  never',
    'dead letters  –',
    'pacts  never verified',
    'facades  1 alive',
    'shadow  nothing compared',
    'monolith  up (it answers); no request in the last 5 min',
    'service  DOWN: does not answer (ECONNREFUSED); last 5 min: 40 requests, 25 % errors, 10 % refused (4xx), p99 ≤ 200 ms',
    'traffic  no steered request in the last day',
    'flags  not known: UNLEASH_URL is not set',
    '→ replicate  ✓ databases: both reachable',
    '✗ mapping: no column x (needs: it compiles)',
    'next  strangler replicate catalog',
  ]);
});

test('reads that were answered for a dead owner are told below the sides', () => {
  const said = lines({ standIn: { side: 'monolith', reads: 12 } });
  const at = said.indexOf(
    '12 reads of the last 5 min were answered by the monolith for an owner that was dead',
  );
  expect(said[at - 1]).toMatch(/^service/);
});

test('a context without data of its own says nothing of streams', () => {
  const text = lines({ data: 'none' }).join('\n');
  expect(text).not.toMatch(/worker|\blag\b|verification|dead letters/);
});

test('flags lose the name of their context, held writes are said aloud', () => {
  const flag = { exists: true, enabled: true, percent: 25, otherStrategies: 0 };
  const said = lines({ held: true, flags: [{ ...flag, name: 'catalog.list-products' }] });
  expect(said[0]).toMatch(/WRITES ARE HELD$/);
  expect(said).toContain('flags  list-products 25 %');
  const named = { ...flag, name: 'catalog.list', identities: ['0f'] };
  expect(lines({ flags: [named] })).toContain('flags  list 25 % and named identities');
});

test('dead letters that cannot be counted are no dash, but a reason', () => {
  expect(lines({ data: 'replicated', deadLettersProblem: 'DB_AUTH: no' })).toContain(
    'dead letters  not known: DB_AUTH: no',
  );
});

test('a slot that nobody reads, one that is missing, and one that nobody could ask for', () => {
  const stream = {
    direction: 'forward',
    transport: 'embedded',
    connector: null,
    beatAgeSeconds: null,
    partitions: null,
    problems: [],
  } as const;
  expect(lines({ stream: { ...stream, slot: null } })).toContain('slot  MISSING');
  const problems = ['DB_UNREACHABLE: no answer'];
  expect(lines({ stream: { ...stream, problems, slot: null } })).toEqual(
    expect.arrayContaining(['slot  not known', 'problem  DB_UNREACHABLE: no answer']),
  );
  const slot = {
    name: 'strangler_catalog',
    active: false,
    walStatus: 'extended',
    behindBytes: 2048,
    keptBytes: 20_480,
    safeBytes: -1,
    confirmed: null,
  };
  expect(lines({ stream: { ...stream, slot } })).toContain(
    'slot  NOT READ, 2048 bytes behind, 20 kB of log kept (extended), 0 bytes until it is lost',
  );
});

test('of mirrored reads it says what differed, what failed and what came too late', () => {
  const none = {
    match: 0,
    mismatch: 0,
    stale: 0,
    'candidate-error': 0,
    'candidate-timeout': 0,
    uncomparable: 0,
    dropped: 0,
  };
  const route = { route: 'list', compared: 100, real: 13, counts: { ...none, match: 87 } };
  const said = (changes: object) =>
    lines({ shadow: [{ ...route, counts: { ...route.counts, ...changes } }] });
  expect(said({ mismatch: 1, 'candidate-error': 2, 'candidate-timeout': 10 })).toContain(
    'shadow  list: 100 compared, 1 differ (1 %), 2 errors (2 %), 10 time-outs (10 %), 0 stale, 0 dropped',
  );
  expect(said({ uncomparable: 3 })).toContain(
    'shadow  list: 100 compared, 0 differ (0 %), 0 stale, 0 dropped, 3 not comparable',
  );
});

test('who asks, and how many of them show no identity', () => {
  const traffic = { requests: 200, anonymous: 50, identities: 3, shares: [61] };
  expect(lines({ traffic })).toContain(
    'traffic  200 steered requests in the last day, 25 % without identity, 3 identities seen',
  );
});

test('a side that is gone has a way out, with the reason under it', () => {
  const said = lines({ nextCommand: 'strangler rollback catalog', because: 'the service is gone' });
  expect(said.slice(-2)).toEqual(['next  strangler rollback catalog', 'the service is gone']);
});

test('after a change of owner nothing of the epoch before passes for now, and nothing is "never"', () => {
  const worker = {
    context: 'catalog',
    direction: 'reverse',
    epoch: 2,
    state: 'caught-up',
    appliedLsn: '0/1',
    appliedAt: null,
    lagSeconds: 900,
    sourceLsn: null,
    lagBytes: 7,
    rowsApplied: 5,
    workerId: '',
    heartbeatAgeSeconds: 1,
    workerAlive: true,
    detail: {},
  } as const;
  const last = { since: 3, epoch: 2, ageSeconds: 120, differences: 0 };
  const said = lines({ epoch: 3, worker, earlierVerification: last });
  expect(said).toContain('lag  not known since epoch 3');
  expect(said).toContain(
    'verification  none since epoch 3 (the last: 2 min ago, epoch 2, 0 differ)',
  );
  expect(lines({ epoch: 2, worker })).toContain('lag  900.00 s, watermark 0/1, 7 bytes');
  const failing = { code: 'DB_DISK_FULL', message: 'no space' };
  expect(lines({ epoch: 2, worker: { ...worker, detail: { failing } } })).toContain(
    'worker  TRIES AGAIN after DB_DISK_FULL: no space, reverse, 5 rows applied',
  );
  const failed = { ...worker, workerAlive: false, state: 'failed' } as const;
  const detail = { code: 'SLOT_LOST', message: 'the slot is gone', retrying: false };
  expect(lines({ epoch: 2, worker: { ...failed, detail } })).toContain(
    'worker  FAILED 1 s ago: SLOT_LOST: the slot is gone, reverse, 5 rows applied',
  );
  expect(
    lines({ epoch: 2, worker: { ...failed, detail: { ...detail, retrying: true } } })[1],
  ).toMatch(/FAILED 1 s ago, tries again: SLOT_LOST/);
  const retrying = { ...detail, retrying: true, retryInMs: 5_000 };
  expect(lines({ epoch: 2, worker: { ...failed, detail: retrying } })[1]).toMatch(
    /FAILED 1 s ago, tries again in 4 s: SLOT_LOST/,
  );
});

test('a copy tells how far it is, how fast, and how long to go, until it is paused', () => {
  const progress = { table: 'products', rowsCopied: 50, rowsEstimated: 200, rowsPerSecond: 10 };
  const worker = {
    context: 'catalog',
    direction: 'forward',
    epoch: 1,
    state: 'copying',
    appliedLsn: null,
    appliedAt: null,
    lagSeconds: null,
    sourceLsn: null,
    lagBytes: null,
    rowsApplied: 0,
    workerId: '',
    heartbeatAgeSeconds: 1,
    workerAlive: true,
    detail: { ...progress, etaSeconds: 15 },
  } as const;
  expect(lines({ worker })).toContain(
    'worker  copying products: 50 rows 25 %, 10 rows/s, 15 s to go, forward, 0 rows applied',
  );
  const paused = { ...worker, detail: { ...progress, etaSeconds: 15, paused: true } };
  expect(lines({ worker: paused })[1]).toContain('COPY PAUSED (--resume goes on)');
});

test('what is allowed stands beside what was measured', () => {
  const text = lines({ allowed: { errorPercent: 2.5, p99Ms: 40 } }).join('\n');
  expect(text).toMatch(
    /25 % errors \(allowed 2.5 %\), 10 % refused \(4xx\), p99 ≤ 200 ms \(allowed 40 ms\)/,
  );
  expect(text.match(/allowed/g)).toHaveLength(2);
});

test('flags that are not known say why', () => {
  expect(lines({ flagsProblem: 'UNLEASH_UNREACHABLE: no answer' })).toContain(
    'flags  not known: UNLEASH_UNREACHABLE: no answer',
  );
});

test('a fence that somebody opened is told until everything was compared again', () => {
  const fence = {
    side: 'service',
    opened: 2,
    since: '2026-11-29',
    noticed: ['the fence of public.a was dropped', 'the fence of public.b was dropped'],
    verified: false,
    command: 'strangler fence rearm catalog',
  } as const;
  expect(lines({ fence })).toContain(
    'fence  OPENED 2 times on the service since 2026-11-29, the last time: the fence of public.a was dropped, ' +
      'the fence of public.b was dropped',
  );
  expect(lines({ fence: { ...fence, verified: true, command: null } })).toContain(
    'fence  opened 2 times on the service since 2026-11-29, verified since',
  );
  expect(lines({}).filter((line) => line.startsWith('fence'))).toEqual([]);
});
