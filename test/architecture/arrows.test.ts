import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';

interface Checked {
  files: number;
  arrows: number;
  violations: { rule: string; from: string; to: string }[];
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string }[];
};
const rules = forbidden.map(({ name }) => name);
const checked = new Map<string, Checked>();

beforeAll(async () => {
  const folders = [repository, ...rules.map((rule) => `${fixtures}${rule}`)];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`${repository}scripts/arrows.mjs`, '--json', ...folders],
    { maxBuffer: 1e8 },
  );
  const results = JSON.parse(stdout) as Checked[];
  folders.forEach((folder, index) => checked.set(folder, results[index]!));
});

describe('the arrows between the parts', () => {
  test('point one way in this repository', () => {
    const result = checked.get(repository)!;
    expect(result.violations).toEqual([]);
    // A parser that gave up would find nothing to complain about.
    expect(result.files).toBeGreaterThan(80);
    expect(result.arrows).toBeGreaterThan(200);
  });

  test.each(rules)('%s fails on its fixture', (rule) => {
    expect(
      checked.get(`${fixtures}${rule}`)!.violations.map((violation) => violation.rule),
    ).toContain(rule);
  });

  test('have a fixture for every rule and no other', () => {
    expect(readdirSync(fixtures).toSorted()).toEqual(rules.toSorted());
  });
});
