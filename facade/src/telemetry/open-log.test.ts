import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

test('a process that ends leaves all its lines, in their order, however late its writes are carried out', async () => {
  const program = `
    import { pbkdf2 } from 'node:crypto';
    import { logWritten, openLog } from ${JSON.stringify(new URL('open-log.ts', import.meta.url).href)};
    const log = openLog('info', 'ending');
    // the only thread for writes is busy for a while
    pbkdf2('a', 'b', 50_000, 64, 'sha512', () => {});
    for (let n = 0; n < 1000; n += 1) log.info({ n }, 'line');
    await logWritten(log);
    process.exit(0);`;
  const child = spawn(
    process.execPath,
    ['--conditions=strangler-source', '--input-type=module', '--eval', program],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
  );
  const [lines, ending] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(ending).toEqual([0, null]);
  const seen = lines
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { n: number }).n);
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});
