import { describe, expect, test } from '@jest/globals';
import type { WorkerProgress } from '../worker/worker-options.ts';
import { beginView, healthOf, isNews, seen, type WorkerView } from './worker-view.ts';

const failed: WorkerProgress = {
  phase: 'failed',
  code: 'DB_UNREACHABLE',
  message: 'nobody answers',
};
const streaming: WorkerProgress = { phase: 'streaming', direction: 'forward', deadLetters: 0 };
const failing = { code: 'DB_UNREACHABLE', message: 'nobody answers' };
const after = (...told: readonly WorkerProgress[]): WorkerView =>
  told.reduce((view, step, index) => seen(view, step, (index + 1) * 1000), beginView('goods', 0));

describe('a worker is well', () => {
  test.each<[string, WorkerView, number, boolean, string]>([
    ['not before it has begun', after(), 0, false, 'starting'],
    ['while it stands by', after({ phase: 'standby' }), 1e6, true, 'standby'],
    ['while there is nothing to do', after({ phase: 'waiting' }), 1e6, true, 'waiting'],
    ['while it streams and says so', after(streaming), 11_000, true, 'streaming'],
    ['not when its stream fell silent', after(streaming), 11_001, false, 'silent'],
    ['while it copies, which may be quiet', after({ phase: 'copying' }), 301_000, true, 'copying'],
    ['not when its copy hangs', after({ phase: 'copying' }), 301_001, false, 'silent'],
    ['not while it fails', after(streaming, failed), 2000, false, 'failed'],
    ['as soon as it goes on', after(failed, streaming), 2000, true, 'streaming'],
    [
      'not because its stream was opened again where it failed',
      after(streaming, failed, { ...streaming, failing }),
      3000,
      false,
      'failed',
    ],
    [
      'when that stream got past the place',
      after(failed, { ...streaming, failing }, streaming),
      3000,
      true,
      'streaming',
    ],
  ])('%s', (_name, view, now, ok, status) => {
    expect(healthOf(view, now)).toMatchObject({ ok, status });
  });

  test('and says what it fails at', () => {
    expect(healthOf(after(failed), 1000).why).toBe('DB_UNREACHABLE: nobody answers');
  });
});

test('failures are counted by code, and a restart each time that it goes on', () => {
  const view = after(streaming, failed, failed, streaming, failed, { phase: 'standby' });
  expect(view.failures).toEqual({ DB_UNREACHABLE: 3 });
  expect(view.restarts).toBe(2);
});

test('the last sample outlives a failure, and not a stand-by: then somebody else streams', () => {
  expect(after(streaming, failed).streaming).toBe(streaming);
  expect(after(streaming, failed, { phase: 'standby' }).streaming).toBeNull();
});

test('since tells when the phase began, heard when the last word came', () => {
  expect(after(streaming, streaming, streaming)).toMatchObject({ since: 1000, heard: 3000 });
});

describe('news', () => {
  const before = after(streaming);
  test.each<[string, WorkerProgress, boolean]>([
    ['another sample', { ...streaming, rowsApplied: 5 }, false],
    ['another phase', failed, true],
    ['another direction', { ...streaming, direction: 'reverse' }, true],
    ['one more dead letter', { ...streaming, deadLetters: 1 }, true],
    ['rows that are read again', { ...streaming, held: 'products' }, true],
  ])('%s: %s', (_name, told, news) => {
    expect(isNews(before, seen(before, told, 9000))).toBe(news);
  });

  test('the same failure again is none, another one is', () => {
    const failing = after(failed);
    expect(isNews(failing, seen(failing, failed, 9000))).toBe(false);
    expect(isNews(failing, seen(failing, { ...failed, message: 'other' }, 9000))).toBe(true);
  });
});
