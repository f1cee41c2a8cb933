import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { watchFolder } from './watch-folder.ts';

let base: string;
let folder: string;
let changes: number;
let problems: string[];
let stop: () => void;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'watched-'));
  folder = join(base, 'contexts');
  [changes, problems, stop] = [0, [], () => {}];
});
afterEach(async () => {
  stop();
  await rm(base, { recursive: true, force: true });
});
const watch = (): void => {
  stop = watchFolder(
    folder,
    () => changes++,
    (problem) => problems.push(problem),
    50,
  );
};
const seen = async (what: string, change: () => Promise<unknown>): Promise<void> => {
  const before = changes;
  await change();
  await until(what, () => changes > before);
};
const written = () => writeFile(join(folder, 'a.json'), String(Math.random()));

test('a folder that another one takes the place of is watched there', async () => {
  await mkdir(folder);
  watch();
  await seen('a file', written);
  await seen('the other folder', async () => {
    await mkdir(join(base, 'next'));
    await rename(folder, join(base, 'old'));
    await rename(join(base, 'next'), folder);
  });
  await seen('a file of the other folder', written);
  expect(problems).toEqual([]);
});

test('a link that is turned to another release is followed', async () => {
  for (const release of ['one', 'two']) await mkdir(join(base, release));
  await symlink(join(base, 'one'), folder);
  watch();
  await seen('the other release', async () => {
    await symlink(join(base, 'two'), join(base, 'link'));
    await rename(join(base, 'link'), folder);
  });
  await seen('a file of it', written);
  expect(problems).toEqual([]);
});

test('a folder that is not there yet is told of, and watched when it is', async () => {
  watch();
  expect(problems).toHaveLength(1);
  await seen('the folder', () => mkdir(folder));
  await seen('a file', written);
});
