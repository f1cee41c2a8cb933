import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What is mutated, and the suites that must notice: those that need no server, where a mutant costs a second. What only suites with
 * PostgreSQL notice stands in by-hand/, each with the suite that must; in rooms with `servers` there is nothing else.
 */
export const rooms = {
  plan: { files: ['plan/src/*.ts'], suites: ['plan/src/*.test.ts'] },
  routing: { files: ['facade/src/routing/*.ts'], suites: ['facade/src/routing/*.test.ts'] },
  shadow: {
    files: ['compare*', 'decimal', 'json-text', 'judge', 'media-type', 'pointer'].map(
      (name) => `facade/src/shadow/${name}.ts`,
    ),
    suites: ['facade/src/shadow/*.test.ts'],
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
    ].map((name) => `migration/src/apply/${name}.ts`),
    suites: ['migration/src/apply/*.test.ts'],
  },
  mapping: {
    files: ['compile-column', 'compile-mapping', 'project', 'type-compatibility'].map(
      (name) => `migration/src/mapping/${name}.ts`,
    ),
    suites: ['migration/src/mapping/*.test.ts'],
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
    suites: ['migration/src/worker/*.test.ts'],
  },
  cli: {
    files: ['migration/src/cli/exit-codes.ts', 'migration/src/cli/text/*.ts'],
    suites: ['migration/src/cli/*.test.ts', 'migration/src/cli/text/*.test.ts'],
  },
  control: { files: ['migration/src/control/*.ts'], suites: [], servers: true },
  replica: { files: ['migration/src/replica/*.ts'], suites: [], servers: true },
  stream: { files: ['migration/src/stream/**/*.ts'], suites: [], servers: true },
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
