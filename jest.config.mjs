export default {
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest.transform.mjs' },
  transformIgnorePatterns: ['/node_modules/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['strangler-source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/dev-stack/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/dev-stack/jest/global-teardown.mjs',
  testTimeout: 600_000,
  maxWorkers: 2,
};
