import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  runProgram,
  temporaryFolder,
  type ProgramResult,
  type TemporaryFolder,
} from '../src/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('on a machine without Java and Maven', () => {
  let folder: TemporaryFolder;
  let results: string;
  let run: ProgramResult;

  beforeAll(async () => {
    folder = await temporaryFolder('without-java');
    const bin = join(folder.path, 'bin');
    await mkdir(bin);
    await symlink(execFileSync('which', ['id'], { encoding: 'utf8' }).trim(), join(bin, 'id'));
    results = join(folder.path, 'results.json');
    run = await runProgram({
      name: 'npm test',
      file: join(root, 'node_modules/jest/bin/jest.js'),
      nodeOptions: ['--conditions=strangler-source', '--experimental-vm-modules'],
      args: ['--testMatch', '**/needs-kafka.suite.ts', '--json', `--outputFile=${results}`],
      cwd: root,
      env: {
        PATH: bin,
        JAVA_HOME: undefined,
        XDG_CACHE_HOME: join(folder.path, 'cache'),
        KAFKA_BROKERS: undefined,
        CONNECT_URL: undefined,
        TEST_PG_URL: undefined,
      },
    });
  });
  afterAll(async () => folder?.remove());

  test('suites that need Kafka are not run, the others are', async () => {
    expect(JSON.parse(await readFile(results, 'utf8'))).toMatchObject({
      numPassedTests: 1,
      numPendingTests: 1,
      numFailedTests: 0,
    });
  });

  test('the end of the run says in capitals which suites were not run, why, and how to get what is missing', () => {
    expect(run.stderr).toContain(
      'NOT RUN: suites that need Kafka, because this machine lacks Java 17 or newer and Maven.',
    );
    expect(run.stderr).toContain('not run: a suite that needs Kafka');
    expect(run.stderr).toContain('apt-get install openjdk-17-jre-headless maven');
  });

  test('the continuous integration fails, although no test did', async () => {
    const counted = await runProgram({
      name: 'count',
      file: join(root, '.ci/count.mjs'),
      args: [results],
    });
    expect(counted.stdout.split('\n')).toEqual([
      'skipped: a suite that needs Kafka would fail if it were run',
      '1 tests were skipped',
      '1 passed, 1 failed',
    ]);
    expect(counted.code).toBe(1);
  });
});
