import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { defaultLimits } from '../config/limits.ts';
import { Ownership } from './ownership.ts';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'ownership-'));
});
afterEach(() => rm(stateDir, { recursive: true, force: true }));

const own = (): Ownership =>
  new Ownership({
    controlUrl: undefined,
    name: 'a',
    stateDir,
    declared: new Map([['items', 'replicated']]),
    limits: defaultLimits,
    log: pino({ level: 'silent' }),
    detail: () => ({}),
  });
const told = {
  context: 'items',
  dataKind: 'replicated',
  stage: 'service',
  owner: 'service',
  holdId: null,
  holdLeftMs: null,
} as const;

test('what was told last is on disk when it has stopped, and known after the next start', async () => {
  const before = own();
  await before.start();
  expect(before.restoredFromDisk).toBe(false);
  // none of these writes is waited for where it is begun
  for (let epoch = 1n; epoch <= 20n; epoch++) before.states.merge({ ...told, epoch });
  await before.stop();
  expect(JSON.parse(await readFile(join(stateDir, 'owners-a.json'), 'utf8'))).toMatchObject([
    { context: 'items', owner: 'service', epoch: '20' },
  ]);
  const after = own();
  await after.start();
  expect(after.restoredFromDisk).toBe(true);
  expect(after.states.get('items')).toMatchObject({ owner: 'service', epoch: 20n, known: true });
  await after.stop();
});

test('an older epoch is told once for each context', () => {
  const ownership = own();
  ownership.states.merge({ ...told, epoch: 3n });
  for (let again = 0; again < 2; again++) ownership.states.merge({ ...told, epoch: 2n });
  expect(ownership.regressed).toEqual(['items']);
});

test('without a control database nothing is known to be fresh and no pin stands', async () => {
  const ownership = own();
  expect(await ownership.freshness('items', ['ann'])).toEqual({ known: false });
  expect(await ownership.pin('items', ['ann'])).toBe(false);
});
