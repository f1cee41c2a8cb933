import { slowSuites } from './dev-stack/jest/slow-suites.ts';

export default {
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '/dist/',
    ...(process.env.TEST_QUICK ? slowSuites.map((suite) => `/${suite}$`) : []),
  ],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest.transform.mjs' },
  transformIgnorePatterns: ['/node_modules/'],
  testEnvironment: '<rootDir>/dev-stack/jest/measured-environment.mjs',
  testSequencer: '<rootDir>/dev-stack/jest/long-first.mjs',
  testEnvironmentOptions: { customExportConditions: ['strangler-source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/dev-stack/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/dev-stack/jest/global-teardown.mjs',
  testTimeout: 600_000,
  // More than there are cores: of a suite's time more than half is waiting for servers.
  maxWorkers: 4,
};
