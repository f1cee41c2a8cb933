import { randomUUID } from 'node:crypto';
import { chmod, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startProcess, temporaryFolder, until } from '../src/index.ts';
import { marked } from './probes.ts';

const run = fileURLToPath(new URL('../jest/run.mjs', import.meta.url));
const count = (processes: readonly string[], of: string): number =>
  processes.filter((command) => command.includes(of)).length;

test('kill -9 of a test run leaves no worker, server, child of a shell, or folder', async () => {
  const folder = await temporaryFolder('killed-run');
  await chmod(folder.path, 0o711);
  const mark = randomUUID();
  const jest = await startProcess({
    name: 'a test run',
    nodeOptions: ['--conditions=strangler-source', '--experimental-vm-modules'],
    file: run,
    args: ['--testMatch=**/*.endless.ts', '--maxWorkers=2', '--watchman=false'],
    env: { KILLED_RUN_MARK: mark, TMPDIR: folder.path, TEST_POSTGRES_TEMPLATE: undefined },
    ready: 'spawned',
  });
  try {
    const runs = async (): Promise<boolean> => {
      const processes = await marked(mark);
      // Two suites with a server and two programs each, one of them through a shell; and the server that the run shares.
      return count(processes, 'idle-server') >= 4 && count(processes, 'postgres -D') >= 3;
    };
    await until('the servers of two suites', runs, {
      alsoTell: () => jest.logs().slice(-20).join('\n'),
    });
    process.kill(jest.pid, 'SIGKILL');
    await until('everything to be gone', async () => (await marked(mark)).length === 0, {
      withinMs: 60_000,
    }).catch(async () => expect(await marked(mark)).toEqual([]));
    const servers = (await readdir(folder.path)).filter((name) => name.startsWith('strangler-'));
    expect(servers).toEqual([]);
  } finally {
    await jest.stop();
    await folder.remove();
  }
});
