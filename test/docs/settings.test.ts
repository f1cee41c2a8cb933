import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '@strangler-toolkit/dev-stack';
import { variables } from '../../migration/src/cli/variables.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Variables that the code of the command line and the worker reads: from an environment, or with `requireVariable`. */
function variablesIn(code: string): string[] {
  const own = '(?:STRANGLER|UNLEASH|KAFKA|CONNECT|PACT_BROKER)_[A-Z_]+';
  const read = new RegExp(
    `\\benv(?:ironment)?\\??\\.(${own})|requireVariable\\([^)]*?'(${own})'`,
    'g',
  );
  return [...code.matchAll(read)].map((match) => match[1] ?? match[2] ?? '');
}

test('every variable that the command line reads stands in the table of the reference, and no other', async () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'migration/src'], {
    cwd: repository,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file.endsWith('.ts'));
  const code = await Promise.all(files.map((file) => readFile(join(repository, file), 'utf8')));
  const read = new Set(code.flatMap(variablesIn));
  expect(read.size).toBeGreaterThan(8);
  const names = variables.map(({ name }) => name);
  expect([...read].filter((variable) => !names.includes(variable))).toEqual([]);
  const all = code
    .filter((_, index) => files[index] !== 'migration/src/cli/variables.ts')
    .join('\n');
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(all))).toEqual([]);
});

test('the reference is what the settings say, and the check of that can fail', async () => {
  const check = (...page: string[]) =>
    spawnSync(
      process.execPath,
      ['--conditions=strangler-source', 'scripts/reference.mjs', '--check', ...page],
      { cwd: repository, encoding: 'utf8' },
    );
  expect(check()).toMatchObject({ status: 0, stderr: '' });
  const page = await readFile(join(repository, 'docs', 'guide', 'reference.md'), 'utf8');
  const folder = await temporaryFolder('reference');
  const older = join(folder.path, 'reference.md');
  try {
    await writeFile(older, page.replace('| `1000` |', '| `999` |'));
    expect(check(older)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('npm run reference'),
    });
  } finally {
    await folder.remove();
  }
});

test('the check sees both ways to read a variable', () => {
  const code =
    "const a = env.STRANGLER_A ?? env.PATH;\nrequireVariable(kit.env, 'CONNECT_B', 'for b');";
  expect(variablesIn(code)).toEqual(['STRANGLER_A', 'CONNECT_B']);
});
