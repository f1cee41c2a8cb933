import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const check = (...files: string[]) =>
  spawnSync(process.execPath, ['scripts/line-length.mjs', ...files], {
    cwd: repository,
    encoding: 'utf8',
  });

test('no line of a product source is over 140 characters', () => {
  const { status, stdout, stderr } = check();
  expect([stderr, status]).toEqual(['', 0]);
  // A check that read nothing would find nothing.
  expect(Number(/^(\d+) files/.exec(stdout)?.[1])).toBeGreaterThan(400);
});

test('a line of 141 is named with its place, one of 140 is not', async () => {
  const folder = await temporaryFolder('lines');
  try {
    const file = join(folder.path, 'a.ts');
    await writeFile(file, `${'x'.repeat(140)}\n${'y'.repeat(141)}\n`);
    const { status, stderr } = check(file);
    expect(status).toBe(1);
    expect(stderr.trim()).toBe(`${file}:2: 141 characters`);
  } finally {
    await folder.remove();
  }
});
