import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FlagReader } from '../src/flags/flag-reader.ts';
import { LateFlags } from '../src/flags/late-flags.ts';
import { openFlagReader } from '../src/flags/open-flag-reader.ts';
import { flagReaderSuite, flagSharesSuite, suiteFlags } from './support/flag-reader-suite.ts';
import { lastKnownFlags } from './support/last-known-flags.ts';

let known: Awaited<ReturnType<typeof lastKnownFlags>>;
let reader: FlagReader;
const late = new LateFlags();

beforeAll(async () => {
  known = await lastKnownFlags(suiteFlags);
  reader = await openFlagReader({ ...known, startMs: 3_000, onProblem: () => {} });
});
afterAll(async () => {
  await reader?.stop();
  if (known) await rm(known.stateDir, { recursive: true, force: true });
});

test('before a provider is asked every flag is unknown', () => {
  expect(late.isEnabled('suite.all', 'user-1')).toBeUndefined();
  expect(late.status().state).toBe('off');
  late.use(reader);
  expect(late.isEnabled('suite.all', 'user-1')).toBe(true);
});

test('without a provider every flag is unknown', async () => {
  const none = await openFlagReader({
    name: 'facade',
    stateDir: known.stateDir,
    startMs: 1,
    onProblem: () => {},
  });
  expect(none.isEnabled('suite.all', undefined)).toBeUndefined();
  expect(none.status().state).toBe('off');
});

flagSharesSuite('the last state of an Unleash that is gone', () => reader);
flagReaderSuite('the last state of an Unleash that is gone', () => reader);
flagSharesSuite('a reader that was put in late', () => late);
flagReaderSuite('a reader that was put in late', () => late);
