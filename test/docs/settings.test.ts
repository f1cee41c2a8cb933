import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

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

test('every variable that the command line reads stands in the guide to configuration', async () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'migration/src'], {
    cwd: repository,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file.endsWith('.ts'));
  const code = await Promise.all(files.map((file) => readFile(join(repository, file), 'utf8')));
  const read = new Set(code.flatMap(variablesIn));
  expect(read.size).toBeGreaterThan(8);
  const guide = await readFile(join(repository, 'docs', 'guide', 'configuration.md'), 'utf8');
  expect([...read].filter((variable) => !guide.includes(`\`${variable}\``))).toEqual([]);
});

test('the check sees both ways to read a variable', () => {
  const code =
    "const a = env.STRANGLER_A ?? env.PATH;\nrequireVariable(kit.env, 'CONNECT_B', 'for b');";
  expect(variablesIn(code)).toEqual(['STRANGLER_A', 'CONNECT_B']);
});
