import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder } from '@strangler-toolkit/dev-stack';
import { type Part, startPart } from './part.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('part');
});
afterAll(async () => folder.remove());

/** `ready`: when it has said so. */
const started = async (name: string, source: string): Promise<Part & { ready: Promise<void> }> => {
  const file = join(folder.path, `${name}.mjs`);
  await writeFile(file, source);
  let say = (): void => undefined;
  const ready = new Promise<void>((resolve) => (say = resolve));
  const plan = { name, file, args: [], env: {} };
  return { ...startPart(plan, (line) => line === 'ready' && say()), ready };
};

test('a part whose work is done ends, though its starter lives', async () => {
  const part = await started('done', 'process.exitCode = 7;');
  // only of one that hangs
  const late = setTimeout(() => void part.stop(), 10_000);
  expect(await part.ended).toBe('exit code 7');
  clearTimeout(late);
});

test('a part that is asked to end and has cleared up needs no SIGKILL', async () => {
  const part = await started(
    'busy',
    `const work = setInterval(() => undefined, 1000);
     process.once('SIGTERM', () => clearInterval(work));
     console.log('ready');`,
  );
  await part.ready;
  await part.stop();
  expect(await part.ended).toBe('exit code 0');
});
