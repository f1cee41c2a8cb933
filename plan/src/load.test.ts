import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadContexts, requireContext } from './load.ts';
import { resolveSetting } from './settings.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'strangler-contexts-'));
});
afterEach(() => rm(dir, { recursive: true }));

const definition = (context: string): string =>
  JSON.stringify({
    context,
    data: 'none',
    monolith: { url: { env: 'MONOLITH_URL' } },
    service: { url: 'http://localhost:1' },
    routes: [{ name: 'quote', method: 'GET', path: `/api/${context}`, kind: 'read' }],
  });
const failure = (): Promise<{ code?: string; message: string }> =>
  loadContexts(dir).then(
    () => ({ message: 'no error' }),
    (error: { code: string; message: string }) => error,
  );

test('files of every language are read, others are left alone', async () => {
  await writeFile(
    join(dir, 'a.ts'),
    `const value: object = ${definition('alpha')};\nexport default value;`,
  );
  await writeFile(join(dir, 'b.mjs'), `export default ${definition('beta')};`);
  await writeFile(join(dir, 'c.json'), definition('gamma'));
  await writeFile(join(dir, '_shared.ts'), 'this is no context');
  await writeFile(join(dir, 'notes.md'), '#');
  expect([...(await loadContexts(dir)).keys()]).toEqual(['alpha', 'beta', 'gamma']);
});

test('a syntax error names its file', async () => {
  await writeFile(join(dir, 'broken.mjs'), 'export default {');
  expect(await failure()).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('broken.mjs: cannot be loaded'),
  });
});

test('a file without a default export, an empty folder and a folder that is not there each have their message', async () => {
  expect(await failure()).toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  await writeFile(join(dir, 'x.mjs'), 'export const a = 1;');
  expect(await failure()).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('no default export'),
    remedy: 'Write: export default defineMigration({ … })',
  });
  await expect(loadContexts(join(dir, 'nowhere'))).rejects.toMatchObject({
    code: 'CONFIG_NOT_FOUND',
  });
});

test('files that claim the same are refused together, and a JSON file that is none by itself', async () => {
  await writeFile(join(dir, 'a.json'), definition('alpha'));
  await writeFile(join(dir, 'b.json'), definition('alpha'));
  expect(await failure()).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('context "alpha" is the context of'),
  });
  await writeFile(join(dir, 'b.json'), '{ "context": ');
  expect(await failure()).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('b.json: cannot be loaded'),
    cause: expect.any(SyntaxError),
  });
});

test('an unknown context is answered with the nearest name', async () => {
  await writeFile(join(dir, 'c.json'), definition('catalog'));
  const contexts = await loadContexts(dir);
  expect(() => requireContext(contexts, 'catalgo')).toThrow(
    'Context "catalgo" is not known; did you mean "catalog"?',
  );
  expect(() => requireContext(contexts, 'x')).toThrow(
    expect.objectContaining({ code: 'CONTEXT_UNKNOWN', details: { known: ['catalog'] } }),
  );
  expect(requireContext(contexts, 'catalog').definition.context).toBe('catalog');
});

test('a setting that is not in the environment says which variable and what it is for', () => {
  expect(resolveSetting({ env: 'X', default: 'y' }, {})).toBe('y');
  expect(resolveSetting({ env: 'X' }, { X: 'z' })).toBe('z');
  expect(() => resolveSetting({ env: 'X' }, { X: '' }, 'monolith.url of catalog')).toThrow(
    'X is not set (needed for monolith.url of catalog)',
  );
});
