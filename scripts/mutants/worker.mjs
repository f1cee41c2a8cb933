// Runs suites with a mutant in place, one after the other in one warm process. A mutant that never ends is ended by the parent.
import { readConfig } from 'jest-config';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { repository } from './rooms.mjs';

const require = createRequire(import.meta.url);
const Runtime = require('jest-runtime').default;
const TestRunner = require('jest-runner').default;
const [cacheDirectory, ...roots] = process.argv.slice(2);

// A promise that a mutant leaves behind belongs to no test any more.
process.on('unhandledRejection', () => {});
process.on('disconnect', () => process.exit());

const { MUTANTS_SERVERS: servers } = process.env;
// what `npm test` starts once per run; its watchdogs end it with this process, however that ends
if (servers) await (await import('../../dev-stack/jest/global-setup.mjs')).default();

const { globalConfig, projectConfig } = await readConfig(
  { _: [], $0: 'mutants', silent: true, runInBand: true },
  {
    testMatch: ['**/*.test.ts'],
    roots: roots.map((root) => join(repository, root)),
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': join(repository, 'scripts/mutants/transform.mjs') },
    testEnvironment: 'node',
    testEnvironmentOptions: { customExportConditions: ['strangler-source', 'node', 'node-addons'] },
    testTimeout: servers ? 60_000 : 5000,
    cacheDirectory,
    rootDir: repository,
  },
  true,
  repository,
);
const context = await Runtime.createContext(projectConfig, {
  console,
  maxWorkers: 1,
  watch: false,
  watchman: false,
});
const watcher = { isInterrupted: () => false, isWatchMode: () => false };

/**
 * @returns {Promise<{ failure: string | undefined, patienceMs: number }>} what the suite said, nothing when it passed; and how long
 * a test or hook of it may take when a mistake is in place: what waits for something that never comes is not waited for to the end.
 */
async function askSuite({ suite, test: named, patienceMs }, id) {
  const testTimeout = patienceMs ?? globalConfig.testTimeout;
  const runner = new TestRunner(
    { ...globalConfig, testTimeout, ...(named !== undefined && { testNamePattern: named }) },
    {},
  );
  const began = performance.now();
  const durations = [];
  let failure;
  // The verdict is known with the first test that fails, however long what the mistake left behind keeps the rest.
  runner.on('test-case-result', ([, { status, fullName, duration }]) => {
    durations.push(duration ?? 0);
    if (status === 'failed') process.send({ id, failing: `${suite}: ${fullName}` });
  });
  runner.on('test-file-success', ([, result]) => {
    const failed = result.testResults.find(({ status }) => status === 'failed');
    if (result.numPassingTests === 0 && !failed) failure = `it has no test named like ${named}`;
    if (failed) failure = failed.fullName;
    else if (result.testExecError || result.failureMessage) failure = 'the suite did not run';
    if (failure && process.env.MUTANTS_TALK) console.error(result.failureMessage);
  });
  runner.on('test-file-failure', ([, error]) => {
    failure = 'the suite did not run';
    if (process.env.MUTANTS_TALK) console.error(error);
  });
  // Jest keeps what it transformed per configuration: each mutant needs one of its own.
  const config = { ...projectConfig, globals: { mutant: id } };
  const test = { path: join(repository, suite), context: { ...context, config } };
  await runner.runTests([test], watcher, { serial: true });
  const around = performance.now() - began - durations.reduce((sum, each) => sum + each, 0);
  return { failure, patienceMs: 5000 + Math.max(5 * Math.max(0, ...durations), 2 * around) };
}

const loader = `${process.env.NODE_OPTIONS ?? ''} --import=${new URL('plant-on-load.mjs', import.meta.url).href}`;

/** Here, and in every process that a suite starts. */
function plant(mutant) {
  globalThis.plantedMutant = mutant;
  delete process.env.PLANTED_MUTANT;
  if (mutant === undefined) return;
  process.env.PLANTED_MUTANT = JSON.stringify(mutant);
  process.env.NODE_OPTIONS = loader;
}

async function judge({ id, mutant, suites }) {
  plant(mutant);
  let patienceMs;
  for (const each of suites) {
    const asked = await askSuite(each, id);
    if (asked.failure !== undefined) {
      process.send({ id, killedBy: `${each.suite}: ${asked.failure}` });
      return;
    }
    ({ patienceMs } = asked);
  }
  process.send({ id, patienceMs });
}

process.on('message', (task) => void judge(task));
process.send({ ready: true });
