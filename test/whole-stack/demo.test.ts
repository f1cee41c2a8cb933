import { chmod, readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWithKafka } from '@strangler-toolkit/dev-stack/jest';
import {
  startProcess,
  temporaryFolder,
  type RunningProcess,
  type TemporaryFolder,
} from '@strangler-toolkit/dev-stack';

const main = fileURLToPath(new URL('../../demo/src/main.ts', import.meta.url));
let folder: TemporaryFolder;
let mark: string;
let demo: RunningProcess | undefined;

beforeEach(async () => {
  folder = await temporaryFolder('demo-test');
  // the user that PostgreSQL runs as must be able to enter
  await chmod(folder.path, 0o711);
  mark = randomUUID();
});
afterEach(async () => {
  await demo?.stop(15_000);
  await folder.remove();
});

const start = async (
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<RunningProcess> => {
  demo = await startProcess({
    name: 'demo',
    file: main,
    args,
    ready: 'spawned',
    env: { TMPDIR: folder.path, DEMO_TEST_MARK: mark, NO_COLOR: '1' },
    ...(onLine ? { onLine } : {}),
  });
  return demo;
};

/** Every process that was started below the demo carries its environment. */
async function leftovers(): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(mark))
      found.push(
        `${pid} ${await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')}`.replaceAll(
          '\0',
          ' ',
        ),
      );
  }
  return found;
}

const nothingLeft = async (): Promise<void> => {
  for (
    const deadline = Date.now() + 10_000;
    Date.now() < deadline &&
    ((await leftovers()).length > 0 || (await readdir(folder.path)).length > 0);
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await leftovers()).toEqual([]);
  expect(await readdir(folder.path)).toEqual([]);
};

async function movesOutBackAndOutAgain(...args: string[]): Promise<void> {
  const stdout: string[] = [];
  demo = await startProcess({
    name: 'demo',
    file: main,
    args: ['--json', ...args],
    ready: 'spawned',
    env: { TMPDIR: folder.path, DEMO_TEST_MARK: mark, NO_COLOR: '1' },
    onLine: (line, stream) => {
      if (stream === 'stdout') stdout.push(line);
    },
  });
  const { code } = await demo.exit;
  const result = JSON.parse(stdout.join('\n')) as Record<string, unknown>;
  expect(result).toMatchObject({
    ok: true,
    failedRequests: 0,
    lostWrites: 0,
    duplicatedWrites: 0,
    staleReads: 0,
    verifyDifferences: 0,
    problems: [],
  });
  expect(result.acknowledgedWrites).toBeGreaterThan(500);
  expect(result.writePauseMs).toEqual(
    ['cutover', 'rollback', 'cutover'].map((move) => ({ move, ms: expect.any(Number) })),
  );
  expect(result.shadow).toMatchObject({ match: expect.any(Number) });
  expect(code).toBe(0);
  await nothingLeft();
}

async function reach(line: RegExp, args: readonly string[] = []): Promise<RunningProcess> {
  let seen: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const running = await start(args, (printed) => {
    if (line.test(printed)) seen();
  });
  await Promise.race([reached, running.exit]);
  expect(running.running).toBe(true);
  return running;
}

describeWithKafka(
  'npm run demo -- --transport kafka',
  () => {
    test.each([
      ['Ctrl-C while Kafka starts', /Kafka and Debezium, Unleash/, 'SIGINT'],
      ['kill -9 while clients use the shop', /Clients use the shop/, 'SIGKILL'],
    ] as const)(
      'leaves no process and no folder after %s',
      async (_moment, line, signal) => {
        await (await reach(line, ['--transport', 'kafka'])).kill(signal);
        await nothingLeft();
      },
      180_000,
    );

    test(
      'does the same with Kafka and Debezium between the databases, as cleanly',
      () => movesOutBackAndOutAgain('--transport', 'kafka'),
      900_000,
    );
  },
  { ownServers: true },
);

describe('npm run demo', () => {
  test(
    'moves the catalog out, back and out again; nothing failed, was lost, doubled, stale or different; nothing is left',
    () => movesOutBackAndOutAgain(),
    300_000,
  );

  test('says what is missing when Kafka is wanted and there is no Java', async () => {
    demo = await startProcess({
      name: 'demo',
      file: main,
      args: ['--transport', 'kafka'],
      ready: 'spawned',
      env: {
        TMPDIR: folder.path,
        DEMO_TEST_MARK: mark,
        NO_COLOR: '1',
        PATH: folder.path,
        JAVA_HOME: '',
      },
    });
    expect((await demo.exit).code).toBe(1);
    expect(demo.logs().join('\n')).toMatch(/Not found here: Java 17 or newer/);
    await nothingLeft();
  });

  test.each([
    ['while it starts', /PostgreSQL twice/],
    ['while clients use the shop', /Clients use the shop/],
    ['while a context is replicated', /strangler verify catalog/],
  ])(
    'leaves no process and no folder after Ctrl-C %s',
    async (_moment, line) => {
      const { code } = await (await reach(line)).kill('SIGINT');
      expect(code).toBe(130);
      await nothingLeft();
    },
    120_000,
  );

  test('leaves no process and no folder after kill -9', async () => {
    await (await reach(/Clients use the shop/)).kill('SIGKILL');
    await nothingLeft();
  }, 120_000);

  test('explains itself and refuses what it does not know', async () => {
    expect((await (await start(['--help'])).exit).code).toBe(0);
    expect(demo!.logs().join('\n')).toContain('--stay');
    expect((await (await start(['--nonsense'])).exit).code).toBe(2);
  });
});
