import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return (
      process.platform !== 'linux' ||
      !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    );
  } catch {
    return false;
  }
};

const until = async (condition: () => boolean): Promise<boolean> => {
  for (const deadline = Date.now() + 15_000; Date.now() < deadline;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return condition();
};

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
    expect(
      await until(() => !pids.some(alive) && !folders.some((folder) => existsSync(folder))),
    ).toBe(true);
  },
);
