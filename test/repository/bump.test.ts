import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '@strangler-toolkit/dev-stack';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
let folder: TemporaryFolder;
const inCopy = (...path: readonly string[]): string => join(folder.path, ...path);
const text = (...path: readonly string[]): Promise<string> => readFile(inCopy(...path), 'utf8');
const manifest = async (part: string) =>
  JSON.parse(await text(part, 'package.json')) as {
    version: string;
    dependencies?: Record<string, string>;
  };

/** What a bump reads and writes, without its sources; packages come from the repository. */
beforeAll(async () => {
  folder = await temporaryFolder('bump');
  const { stdout } = await run('git', ['ls-files', '-co', '--exclude-standard'], {
    cwd: repository,
  });
  for (const file of stdout.split('\n')) {
    if (!/(^|\/)package(-lock)?\.json$|^\.changeset\/(config|README)|^scripts\/[^/]+$/.test(file))
      continue;
    await mkdir(inCopy(file, '..'), { recursive: true });
    await cp(join(repository, file), inCopy(file));
  }
  await symlink(join(repository, 'node_modules'), inCopy('node_modules'));
  await writeFile(
    inCopy('CHANGELOG.md'),
    '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- By hand.\n\n## [0.0.1] - 2020-01-01\n\n### Added\n\n- Old.\n',
  );
  await run('git', ['init', '-q'], { cwd: folder.path });
}, 60_000);
afterAll(() => folder?.remove());

const bump = () => run(process.execPath, ['scripts/bump.mjs'], { cwd: folder.path });

test('without a waiting change nothing is bumped, and how to write one is said', async () => {
  await expect(bump()).rejects.toMatchObject({ stderr: expect.stringContaining('npx changeset') });
});

test('one command gives all published packages the next version, their users the new range, and the changelog its part', async () => {
  const [major, minor] = (await manifest('plan')).version.split('.');
  const next = `${major}.${Number(minor) + 1}.0`;
  await writeFile(
    inCopy('.changeset', 'a.md'),
    '---\n"@strangler-toolkit/facade": minor\n---\n\nThe facade counts.\n',
  );
  await writeFile(
    inCopy('.changeset', 'b.md'),
    '---\n"@strangler-toolkit/migration": patch\n---\n\nDoctor names the table.\n',
  );
  await bump();
  for (const part of ['plan', 'migration', 'facade', 'contracts', 'extracted/service-kit'])
    expect([part, (await manifest(part)).version]).toEqual([part, next]);
  expect((await manifest('demo')).dependencies?.['@strangler-toolkit/plan']).toBe(next);
  expect(await text('package-lock.json')).toContain(`"version": "${next}"`);
  const day = new Date().toISOString().slice(0, 10);
  expect(await text('CHANGELOG.md')).toBe(
    `# Changelog\n\n## [Unreleased]\n\n## [${next}] - ${day}\n\n### Added\n\n- By hand.\n- The facade counts.\n\n### Fixed\n\n- Doctor names the table.\n\n## [0.0.1] - 2020-01-01\n\n### Added\n\n- Old.\n`,
  );
});
