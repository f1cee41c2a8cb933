import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect } from '@jest/globals';
import {
  dataFolder,
  startProcess,
  until,
  type RunningProcess,
  type TemporaryFolder,
} from '@strangler-toolkit/dev-stack';
import { marked } from '../../dev-stack/test/probes.ts';
import type { DemoResult } from '../../demo/src/result.ts';

const main = fileURLToPath(new URL('../../demo/src/main.ts', import.meta.url));
let folder: TemporaryFolder;
let mark: string;
let demo: RunningProcess | undefined;

beforeEach(async () => {
  folder = await dataFolder('demo-test');
  // the user that PostgreSQL runs as must be able to enter
  await chmod(folder.path, 0o711);
  mark = randomUUID();
});
afterEach(async () => {
  await demo?.stop(15_000);
  await folder.remove();
});

/** Starts `npm run demo` with a folder and a mark of this test's own. */
export const startDemo = async (
  args: readonly string[],
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> => {
  demo = await startProcess({
    name: 'demo',
    file: main,
    args,
    ready: 'spawned',
    env: { TMPDIR: folder.path, DEMO_TEST_MARK: mark, NO_COLOR: '1', ...env },
    ...(onLine ? { onLine } : {}),
  });
  return demo;
};

/** A place for the settings that must be empty in the end. */
export const settingsFile = (): string => join(folder.path, 'shop.env');

/** Neither a process nor a file of the demo is left. */
export const nothingLeft = async (): Promise<void> => {
  // What is left is told below.
  // oxlint-disable-next-line tests/no-swallowed-wait
  await until(
    'the demo to leave nothing',
    async () => (await marked(mark)).length + (await readdir(folder.path)).length === 0,
    { everyMs: 100 },
  ).catch(() => {});
  expect(await marked(mark)).toEqual([]);
  expect(await readdir(folder.path)).toEqual([]);
};

/** Clients pause longer than for a person who watches, where nobody waits for them: each of their requests is work for six processes. */
const pace = ['--pace', '25'] as const;

/** One whole run of the demo, and what it measured. */
export async function movesOutBackAndOutAgain(...args: string[]): Promise<void> {
  const stdout: string[] = [];
  const running = await startDemo(['--json', ...pace, ...args], (line, stream) => {
    if (stream === 'stdout') stdout.push(line);
  });
  const { code } = await running.exit;
  const result = JSON.parse(stdout.join('\n')) as DemoResult;
  expect(result).toMatchObject({
    ok: true,
    failedRequests: 0,
    lostWrites: 0,
    duplicatedWrites: 0,
    staleReads: 0,
    verifyDifferences: 0,
    problems: [],
  });
  // of nothing compared nothing differs
  expect(result.acknowledgedWrites).toBeGreaterThan(500);
  expect(result.ledgerProducts).toBeGreaterThan(20);
  expect(result.verifiedRows).toBeGreaterThan(5_000);
  expect(result.contracts).toEqual(['monolith', 'service'].map((side) => ({ side, ok: true })));
  // the demo asks for a hundred of each of seven routes
  expect(result.shadow.match).toBeGreaterThanOrEqual(700);
  expect(result.shadow.mismatch ?? 0).toBe(0);
  expect(result.writePauseMs.map(({ move }) => move)).toEqual(['cutover', 'rollback', 'cutover']);
  for (const { ms } of result.writePauseMs) expect(ms).toBeGreaterThan(0);
  expect(code).toBe(0);
  await nothingLeft();
}

/** Starts the demo and resolves when it prints the line. */
export async function reach(line: RegExp, args: readonly string[] = []): Promise<RunningProcess> {
  let seen: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const running = await startDemo([...pace, ...args], (printed) => {
    if (line.test(printed)) seen();
  });
  await Promise.race([reached, running.exit]);
  expect(running.running).toBe(true);
  // a look that sees nothing now would see nothing later either
  expect((await marked(mark)).length).toBeGreaterThan(1);
  return running;
}
