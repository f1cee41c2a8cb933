import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadDefinitions } from './load-definitions.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'definitions-'));
});
afterEach(() => rm(folder, { recursive: true }));

const definition = {
  context: 'items',
  data: 'none',
  monolith: { url: 'http://monolith' },
  service: { url: 'http://service' },
  routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read' }],
};

test('the context files of a folder are its definitions', async () => {
  await writeFile(join(folder, 'items.json'), JSON.stringify(definition));
  expect(await loadDefinitions(folder, true)).toMatchObject([definition]);
});

test('before anybody wrote one there are none: the folder is empty, or not there and not named', async () => {
  await writeFile(join(folder, 'README.md'), '#');
  await writeFile(join(folder, 'notes.json5'), '{');
  for (const named of [true, false]) expect(await loadDefinitions(folder, named)).toEqual([]);
  expect(await loadDefinitions(join(folder, 'elsewhere'), false)).toEqual([]);
});

test('a folder that somebody named and that is not there is a mistake', async () => {
  await expect(loadDefinitions(join(folder, 'elsewhere'), true)).rejects.toMatchObject({
    code: 'CONFIG_NOT_FOUND',
  });
});

test.each(['ts', 'js', 'mjs', 'json'])('a broken .%s file is no beginning', async (extension) => {
  await writeFile(join(folder, `items.${extension}`), '{');
  await writeFile(join(folder, 'README.md'), '#');
  for (const named of [true, false])
    await expect(loadDefinitions(folder, named)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
