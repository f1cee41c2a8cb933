import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';

const asModule = ['--conditions=strangler-source', '--input-type=module', '--eval'];

/** A process with `log`, which then does `what`. */
function logging(what: string, stdout: 'pipe' | number, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const program = `
    import { pbkdf2 } from 'node:crypto';
    import { logWritten, openLog } from ${JSON.stringify(new URL('open-log.ts', import.meta.url).href)};
    const log = openLog('info', 'ending');
    ${what}
    await logWritten(log);
    process.exit(0);`;
  return spawn(process.execPath, [...asModule, program], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, ...env },
  });
}

const said = async (stream: Readable | null): Promise<string> => (stream ? text(stream) : '');

test('a process that ends leaves all its lines, in their order, however late its writes are carried out', async () => {
  const what = `
    // the only thread for writes is busy for a while
    pbkdf2('a', 'b', 50_000, 64, 'sha512', () => {});
    for (let n = 0; n < 1000; n += 1) log.info({ n }, 'line');`;
  const child = logging(what, 'pipe', { UV_THREADPOOL_SIZE: '1' });
  const [lines, ending] = await Promise.all([said(child.stdout), once(child, 'close')]);
  expect(ending).toEqual([0, null]);
  const seen = lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});

test('processes that share a pipe leave whole lines, however slowly it is read', async () => {
  const program = `
    import { logWritten, openLog } from ${JSON.stringify(new URL('open-log.ts', import.meta.url).href)};
    const log = openLog('info', 'one of two', true);
    for (let n = 0; n < 4000; n += 1) log.info({ n, text: 'x'.repeat(n % 400) }, 'line');
    process.stderr.write('said');
    await logWritten(log);
    process.exit(0);`;
  // what node calls a pipe is a socket, which keeps writes together
  const child = spawn(
    'sh',
    ['-c', '{ "$@" & "$@" & wait; } | dd bs=1000', 'sh', process.execPath, ...asModule, program],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  await until('both have said all', () => stderr.startsWith('saidsaid'), {
    alsoTell: () => stderr,
  });
  const lines = (await said(child.stdout)).trimEnd().split('\n');
  expect(lines).toHaveLength(8_000);
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ msg: 'line' });
});

test('of what nobody takes 64 MiB are kept; how much more there was is told when somebody does', async () => {
  const child = logging(
    `const text = 'x'.repeat(999_000);
    for (let n = 0; n < 80; n += 1) log.info({ text }, 'line');
    process.stderr.write('said');`,
    'pipe',
  );
  await once(child.stderr ?? child, 'data');
  const lines = (await said(child.stdout)).trimEnd().split('\n');
  const told = JSON.parse(lines.pop() ?? '') as { level: number; bytes: number };
  expect(told.level).toBe(40);
  expect(lines.length).toBeLessThan(68);
  expect(told.bytes).toBe((80 - lines.length) * ((lines[0] ?? '').length + 1));
});

(existsSync('/dev/full') ? test : test.skip)(
  'a full disk ends neither the process nor keeps it from ending',
  async () => {
    const full = await open('/dev/full', 'w');
    try {
      const child = logging(
        `for (let n = 0; n < 1000; n += 1) log.info({ n }, 'line');
        await new Promise((resolve) => setTimeout(resolve, 200));
        for (let n = 0; n < 1000; n += 1) log.info({ n }, 'line');
        process.stderr.write('alive');`,
        full.fd,
      );
      const [heard, ending] = await Promise.all([said(child.stderr), once(child, 'close')]);
      expect([heard, ending]).toEqual(['alive', [0, null]]);
    } finally {
      await full.close();
    }
  },
);
