import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { guardChild } from '@strangler-toolkit/dev-stack';

const consumer = fileURLToPath(new URL('../consumers/storefront/write-pacts.ts', import.meta.url));
const committed = fileURLToPath(new URL('../pacts/', import.meta.url));

test('the storefront’s client works against its pacts, and they are the committed ones', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'storefront-'));
  try {
    const child = spawn(process.execPath, [consumer, folder], {
      env: { ...process.env, PACT_DO_NOT_TRACK: 'true' },
    });
    guardChild(child);
    let output = '';
    child.stderr.on('data', (data: Buffer) => {
      output += data.toString();
    });
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString();
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
    const names = await readdir(folder);
    expect(names).toEqual(['storefront-catalog.json']);
    for (const name of names)
      expect(JSON.parse(await readFile(join(folder, name), 'utf8'))).toEqual(
        JSON.parse(await readFile(join(committed, name), 'utf8')),
      );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
