import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const packages = ['plan', 'facade', 'migration', 'contracts', 'extracted/service-kit'];
const folders = `docs|test|scripts|deploy|bench|demo|dev-stack|legacy-monolith|${packages.join('|')}`;

/** Files of this repository that a text names, and documents that are cited by a name in capitals (`DESIGN §6`). */
const namedIn = (text: string): string[] => [
  ...(text.match(
    new RegExp(`(?<![\\w./-])(?:${folders})/[\\w./-]+\\.(?:md|ts|mjs|cjs|ya?ml|svg)\\b`, 'g'),
  ) ?? []),
  ...[...text.matchAll(/\b([A-Z]{4,}) §\d/g)].map((match) => `${match[1]}.md`),
];

const files = execFileSync(
  'git',
  ['ls-files', '-co', '--exclude-standard', '*.md', ...packages.map((name) => `${name}/src`)],
  { cwd: repository, encoding: 'utf8' },
)
  .split('\n')
  .filter((file) => /\.(md|ts)$/.test(file) && !/\.test\.ts$|^docs\/api\//.test(file));

test('no document and no comment names a file that is not there', async () => {
  const gone: string[] = [];
  let seen = 0;
  for (const file of files) {
    const text = await readFile(join(repository, file), 'utf8').catch(() => '');
    for (const path of namedIn(text)) {
      seen++;
      if (!existsSync(join(repository, path))) gone.push(`${file} names ${path}`);
    }
  }
  expect(gone).toEqual([]);
  expect(seen).toBeGreaterThan(30);
});

test('the check sees a path and a cited document', () => {
  expect(namedIn('As `docs/adr/0099-x.md` says (DESIGN §6, RFC 9457).')).toEqual([
    'docs/adr/0099-x.md',
    'DESIGN.md',
  ]);
});
