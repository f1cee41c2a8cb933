import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What is mutated, and the suites that must notice: those that need no server, where a mutant costs a second. What only suites with
 * PostgreSQL notice stands in by-hand/, each with the suite that must; in rooms with `servers` there is nothing else.
 */
export const rooms = {
  plan: { files: ['plan/src/*.ts'], suites: ['plan/src/*.test.ts'] },
  routing: { files: ['plan/src/routing/*.ts'], suites: ['plan/src/routing/*.test.ts'] },
  shadow: {
    files: ['compare*', 'decimal', 'json-text', 'judge', 'media-type', 'pointer'].map(
      (name) => `facade/src/shadow/${name}.ts`,
    ),
    suites: ['facade/src/shadow/*.test.ts'],
  },
  mirror: {
    files: ['kept-value', 'mask', 'mirror', 'records', 'scrub', 'selector', 'shadow-queue'].map(
      (name) => `facade/src/shadow/${name}.ts`,
    ),
    suites: ['facade/src/shadow/*.test.ts'],
  },
  edge: {
    files: [
      'answer-cache',
      'body-limit',
      'cors',
      'keepable',
      'rename-fields',
      'rewrite',
      'which-routes',
    ].map((name) => `facade/src/edge/${name}.ts`),
    suites: ['facade/src/edge/*.test.ts'],
  },
  admission: { files: ['facade/src/admission/*.ts'], suites: ['facade/src/admission/*.test.ts'] },
  holds: { files: ['facade/src/holds/*.ts'], suites: ['facade/src/holds/*.test.ts'] },
  ownership: {
    files: ['facade/src/ownership/owner-states.ts'],
    suites: ['facade/src/{holds,ownership}/*.test.ts'],
  },
  serving: {
    files: [
      'choose-side',
      'claim',
      'mirror-answer',
      'ramp-ceiling',
      'stand-in',
      'try-upstream',
    ].map((name) => `facade/src/serving/${name}.ts`),
    suites: ['facade/src/{admission,serving}/*.test.ts'],
  },
  resilience: {
    files: ['balancer', 'breaker', 'bulkhead', 'durable-file', 'mend-head'].map(
      (name) => `facade/src/resilience/${name}.ts`,
    ),
    suites: ['facade/src/resilience/*.test.ts'],
  },
  proxy: {
    files: ['decode-body', 'headers', 'peer', 'problem', 'raw-headers'].map(
      (name) => `facade/src/proxy/${name}.ts`,
    ),
    suites: ['facade/src/{admission,proxy}/*.test.ts'],
  },
  config: { files: ['facade/src/config/*.ts'], suites: ['facade/src/config/*.test.ts'] },
  numbers: {
    files: ['ledger', 'route-stats', 'stand-ins', 'trace'].map(
      (name) => `facade/src/telemetry/${name}.ts`,
    ),
    suites: ['facade/src/telemetry/*.test.ts', 'facade/src/admission/*.test.ts'],
  },
  apply: {
    files: [
      'array-literal',
      'classify-error',
      'collapse',
      'copy-text',
      'interpret-event',
      'parked-changes',
      'plain-inserts',
      'recent-commits',
      'row-change',
      'write-or-park',
    ].map((name) => `migration/src/apply/${name}.ts`),
    suites: ['migration/src/apply/*.test.ts'],
  },
  mapping: {
    files: ['compile-column', 'compile-mapping', 'project', 'type-compatibility'].map(
      (name) => `migration/src/mapping/${name}.ts`,
    ),
    suites: ['migration/src/mapping/*.test.ts', 'migration/src/mapping/conversions/*.test.ts'],
  },
  verify: { files: ['migration/src/verify/settle.ts'], suites: ['migration/src/verify/*.test.ts'] },
  cutover: {
    files: [
      'catch-up',
      'flip',
      'hold',
      'move-plan',
      'move-record',
      'move-state',
      'protocol',
      'run-move',
      'verify-held',
    ].map((name) => `migration/src/cutover/${name}.ts`),
    suites: ['migration/src/cutover/*.test.ts'],
  },
  copy: {
    files: ['migration/src/copy/copy-frames.ts', 'migration/src/copy/page-ranges.ts'],
    suites: ['migration/src/copy/*.test.ts'],
  },
  worker: {
    files: ['migration/src/worker/message-buffer.ts'],
    suites: ['migration/src/{dev,worker}/*.test.ts'],
  },
  storefront: {
    files: [
      'contracts/consumers/storefront/storefront-client.ts',
      'legacy-monolith/src/{http/html,storefront/*}.ts',
    ],
    suites: [],
    servers: true,
  },
  surroundings: {
    files: ['migration/src/surroundings/written-together.ts'],
    suites: ['migration/src/{mapping,surroundings}/*.test.ts'],
  },
  database: {
    files: ['migration/src/database/without-values.ts'],
    suites: ['migration/src/database/*.test.ts'],
  },
  cli: {
    files: ['migration/src/cli/exit-codes.ts', 'migration/src/cli/text/*.ts'],
    suites: ['migration/src/cli/*.test.ts', 'migration/src/cli/text/*.test.ts'],
  },
  broker: {
    files: [
      ...['links', 'refusal'].map((name) => `contracts/src/broker/${name}.ts`),
      ...['build-source', 'outcome', 'still-about', 'version'].map(
        (name) => `migration/src/steps/contracts/broker/${name}.ts`,
      ),
    ],
    suites: [
      'contracts/src/broker/*.test.ts',
      'contracts/test/inferred-pacts.test.ts',
      'migration/src/steps/contracts/*.test.ts',
      'migration/src/steps/contracts/{broker,record}/*.test.ts',
    ],
  },
  control: {
    files: [
      'migration/src/control/*.ts',
      'migration/src/control/migrations/*.ts',
      'migration/src/flags/*/*.ts',
    ],
    suites: [],
    servers: true,
  },
  replica: { files: ['migration/src/replica/*.ts'], suites: [], servers: true },
  routes: {
    files: [
      'migration/src/steps/routes/discover-routes.ts',
      'migration/src/steps/doctor/write-routes.ts',
    ],
    suites: [],
    servers: true,
  },
  stream: {
    files: ['embedded-stream', 'frame-splitter', 'pgoutput-decoder', 'transaction-builder'].map(
      (name) => `migration/src/stream/embedded/${name}.ts`,
    ),
    suites: [
      'migration/src/stream/embedded/*.test.ts',
      'migration/src/stream/kafka/{connect-client,sent-again,transaction-assembler}.test.ts',
    ],
  },
  facade: {
    files: ['facade/src/*/*.ts', 'facade/src/*/*/*.ts', 'facade/src/*.ts', 'plan/src/control/*.ts'],
    suites: [],
    servers: true,
  },
};

const found = (patterns) => globSync(patterns, { cwd: repository }).sort();

export function filesOf(room) {
  return found(room.files).filter((file) => !file.endsWith('.test.ts'));
}

export const suitesOf = (room) => found(room.suites);

export const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** What somebody wrote down for a room, also about files whose other mistakes nobody plants there. */
export function writtenDown(room) {
  const path = `by-hand/${room}.json`;
  return existsSync(new URL(path, import.meta.url)) ? readJson(path) : [];
}
