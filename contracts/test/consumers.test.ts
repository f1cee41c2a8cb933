import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { guardChild } from '@strangler-toolkit/dev-stack';

const programOf = (consumer: string): string =>
  fileURLToPath(new URL(`../consumers/${consumer}/write-pacts.ts`, import.meta.url));
const committed = fileURLToPath(new URL('../pacts/', import.meta.url));
const consumers = ['storefront', 'back-office', 'search', 'catalog'] as const;

test.each(consumers)(
  'the client of the %s works against its pacts, and they are the committed ones',
  async (consumer) => {
    const folder = await mkdtemp(join(tmpdir(), `${consumer}-`));
    try {
      const child = spawn(
        process.execPath,
        ['--conditions=strangler-source', programOf(consumer), folder],
        {
          env: { ...process.env, PACT_DO_NOT_TRACK: 'true' },
        },
      );
      guardChild(child);
      let output = '';
      for (const stream of [child.stderr, child.stdout])
        stream.on('data', (data: Buffer) => {
          output += data.toString();
        });
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
      const written = await readdir(folder);
      expect(written.sort()).toEqual(
        (await readdir(committed)).filter((name) => name.startsWith(`${consumer}-`)).sort(),
      );
      for (const name of written)
        expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toEqual(
          JSON.parse(await readFile(join(committed, name), 'utf8')),
        );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test('every committed pact is written by a consumer that is tested here', async () => {
  const names = await readdir(committed);
  expect(
    names.filter((name) => !consumers.some((consumer) => name.startsWith(`${consumer}-`))),
  ).toEqual([]);
});
