import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { alive } from '../test/probes.ts';
import { until } from './until.ts';

test.each(['SIGKILL', 'SIGINT'] as const)(
  'after %s of the parent no server, child process or folder is left',
  async (signal) => {
    const parent = spawn(
      process.execPath,
      [
        '--conditions=strangler-source',
        fileURLToPath(new URL('../test/guarded-parent.ts', import.meta.url)),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const line = await new Promise<string>((resolve) =>
      createInterface({ input: parent.stdout }).once('line', resolve),
    );
    const { pids, folders } = JSON.parse(line) as { pids: number[]; folders: string[] };
    expect(pids.every(alive)).toBe(true);
    expect(folders.every((folder) => existsSync(folder))).toBe(true);
    parent.kill(signal);
    await until(
      'everything to be gone',
      () => !pids.some(alive) && !folders.some((folder) => existsSync(folder)),
    );
  },
);
