import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runProgram, temporaryFolder, type ProgramResult, type TemporaryFolder } from '../index.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('jars');
});
afterEach(async () => folder.remove());

/** A Maven that notes its calls and takes its time between two jars. */
async function maven(script = 'exit 0'): Promise<void> {
  const file = join(folder.path, 'mvn');
  const lines = [
    '#!/bin/sh',
    `echo called >> ${folder.path}/calls`,
    'for argument; do case $argument in -DoutputDirectory=*) to=${argument#*=};; esac; done',
    '/bin/mkdir -p "$to"',
    'echo a > "$to/a.jar"',
    '/bin/sleep 0.5',
    'echo b > "$to/b.jar"',
    script,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  await chmod(file, 0o755);
}

const ask = (): Promise<ProgramResult> =>
  runProgram({
    name: 'warm',
    file: fileURLToPath(new URL('warm.ts', import.meta.url)),
    env: { PATH: folder.path, XDG_CACHE_HOME: join(folder.path, 'cache') },
  });
const cached = (): Promise<string[]> => readdir(join(folder.path, 'cache', 'strangler-toolkit'));
const calls = async (): Promise<number> =>
  (await readFile(join(folder.path, 'calls'), 'utf8')).trim().split('\n').length;

test('two processes that fill the cache at once both get all jars, and nothing else is left', async () => {
  await maven();
  const [one, two] = await Promise.all([ask(), ask()]);
  expect(one).toMatchObject({ code: 0 });
  expect(one?.stdout).toMatch(/^2 jars in .*\/strangler-toolkit\/jars-[0-9a-f]{16}$/);
  expect(two?.stdout).toBe(one?.stdout);
  expect(await cached()).toHaveLength(1);
});

test('filled jars are not fetched again', async () => {
  await maven();
  await ask();
  const again = await ask();
  expect(again).toMatchObject({ code: 0 });
  expect(await calls()).toBe(1);
});

test('a Maven that fails is tried once more, leaves nothing, and is quoted', async () => {
  await maven('echo "no such artifact"; exit 1');
  const asked = await ask();
  expect(asked.code).toBe(1);
  expect(asked.stderr).toContain('no such artifact');
  expect(await cached()).toEqual([]);
  expect(await calls()).toBe(2);
});

test('without Maven the error says how to get it', async () => {
  const asked = await ask();
  expect(asked.code).toBe(1);
  expect(asked.stderr).toContain('apt-get install openjdk-17-jre-headless maven');
});
