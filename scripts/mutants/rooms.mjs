import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What is mutated, and the suites that must notice. Where `servers` says that they need PostgreSQL a mutant costs seconds: there
 * only the mistakes that stand in by-hand/ are planted, each asked of the suite that it names.
 */
export const rooms = {
  plan: { files: ['plan/src/*.ts'], suites: ['plan/src/*.test.ts'] },
  routing: { files: ['facade/src/routing/*.ts'], suites: ['facade/src/routing/*.test.ts'] },
  shadow: {
    files: ['facade/src/shadow/compare.ts', 'facade/src/shadow/judge.ts'],
    suites: ['facade/src/shadow/*.test.ts'],
  },
  apply: {
    files: [
      'array-literal',
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
  mapping: { files: ['migration/src/mapping/*.ts'], suites: ['migration/src/mapping/*.test.ts'] },
  verify: { files: ['migration/src/verify/settle.ts'], suites: ['migration/src/verify/*.test.ts'] },
  cutover: {
    files: ['migration/src/cutover/run-move.ts'],
    suites: ['migration/src/cutover/*.test.ts'],
  },
  facade: {
    files: ['facade/src/*/*.ts', 'facade/src/*/*/*.ts', 'facade/src/*.ts', 'plan/src/control/*.ts'],
    suites: ['facade/test/*.test.ts'],
    servers: true,
  },
};

const found = (patterns) => globSync(patterns, { cwd: repository }).sort();

export function filesOf(room) {
  return found(room.files).filter((file) => !file.endsWith('.test.ts'));
}

export const suitesOf = (room) => found(room.suites);

export const readJson = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
