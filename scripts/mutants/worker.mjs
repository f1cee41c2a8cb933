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

/** @returns {Promise<string | undefined>} what the suite said: undefined when it passed */
async function failureOf({ suite, test: named, usualMs }, id) {
  // What waits for something that a mistake keeps from happening is not waited for to the end.
  const testTimeout =
    servers && usualMs ? Math.min(60_000, 10_000 + usualMs * 3) : globalConfig.testTimeout;
  const runner = new TestRunner(
    { ...globalConfig, testTimeout, ...(named !== undefined && { testNamePattern: named }) },
    {},
  );
  let failure;
  // The verdict is known with the first test that fails, however long what the mistake left behind keeps the rest.
  runner.on('test-case-result', ([, { status, fullName }]) => {
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
  return failure;
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
  for (const each of suites) {
    const failure = await failureOf(each, id);
    if (failure !== undefined) {
      process.send({ id, killedBy: `${each.suite}: ${failure}` });
      return;
    }
  }
  process.send({ id });
}

process.on('message', (task) => void judge(task));
process.send({ ready: true });
