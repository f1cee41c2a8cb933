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

/** Rows of a page's tables by what is named in their first cell, without the code signs. */
const cellsOf = (page: string): Map<string, readonly string[]> =>
  new Map(
    [...page.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, name = '', cells = '']) => [
      name,
      cells.split(' | ').map((cell) => cell.replaceAll(/[`']/g, '').trim()),
    ]),
  );

test('the guide to your own system has every setting of gates, cutover and compare, with its default', async () => {
  const read = (page: string) => readFile(join(repository, 'docs', 'guide', page), 'utf8');
  const reference = cellsOf(await read('reference.md'));
  const guide = await read('your-system.md');
  for (const [of, from, to] of [
    ['gates', '## Gates', 'In `cutover`:'],
    ['cutover', 'In `cutover`:', '## What of two'],
    ['routes[].compare', 'In `compare` of a route', '## When evidence'],
  ] as const) {
    const told = cellsOf(guide.slice(guide.indexOf(from), guide.indexOf(to)));
    const own = [...reference].filter(
      ([name]) => name.startsWith(`${of}.`) && !/[.[]/.test(name.slice(of.length + 1)),
    );
    const withoutDefault = /^(none|nothing|)$/;
    expect(own.length).toBeGreaterThan(4);
    expect(
      new Map(
        [...told].map(([name, [value = '']]) => [
          `${of}.${name}`,
          value.replace(withoutDefault, ''),
        ]),
      ),
    ).toEqual(
      new Map(own.map(([name, [, value = '']]) => [name, value.replace(withoutDefault, '')])),
    );
  }
});

test('the check sees both ways to read a variable', () => {
  const code =
    "const a = env.STRANGLER_A ?? env.PATH;\nrequireVariable(kit.env, 'CONNECT_B', 'for b');";
  expect(variablesIn(code)).toEqual(['STRANGLER_A', 'CONNECT_B']);
});
