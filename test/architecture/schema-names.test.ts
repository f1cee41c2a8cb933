import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const check = (folder: string) =>
  spawnSync(process.execPath, ['scripts/schema-names.mjs', folder], {
    cwd: repository,
    encoding: 'utf8',
  });

test("the tables of the toolkit's schemas are named in their rooms only", () => {
  const { status, stdout, stderr } = check(repository);
  expect([stderr, status]).toEqual(['', 0]);
  // A check that read nothing would have nothing to complain about.
  expect(Number(/^(\d+) files/.exec(stdout)?.[1])).toBeGreaterThan(300);
});

test('a table named elsewhere is found, in data databases and in the control database', () => {
  const { status, stderr } = check(fileURLToPath(new URL('schema-names', import.meta.url)));
  expect(status).toBe(1);
  expect(stderr).toContain('migration/src/apply/a.ts:2');
  expect(stderr).toContain('migration/src/apply/a.ts:3');
  expect(stderr).toContain('facade/src/a.ts:1');
  expect(stderr).not.toContain('a.ts:1: // ');
});
