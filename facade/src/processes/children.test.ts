import cluster from 'node:cluster';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { temporaryFolder, type TemporaryFolder, until } from '@strangler-toolkit/dev-stack';
import { pino } from 'pino';
import { Children } from './children.ts';

/** Serves when it is told to, says what it hears, and drains. */
const script = `
  let hups = 0;
  const serve = () => {
    process.on('SIGHUP', () => process.send({ hups: ++hups }));
    process.send({ listening: { port: 1, adminPort: 2 } });
  };
  process.on('SIGTERM', () => { serve(); setTimeout(() => process.exit(0), 100); });
  process.on('message', (message) => message === 'serve' && serve());
  process.send('begun');
`;
let folder: TemporaryFolder;
let children: Children | undefined;
const heard: unknown[] = [];
let told = '';
beforeAll(async () => {
  folder = await temporaryFolder('children');
  await writeFile(join(folder.path, 'child.cjs'), script);
  cluster.on('message', (_worker, message) => heard.push(message));
});
afterEach(async () => {
  await children?.stop();
  heard.length = 0;
  told = '';
});
afterAll(async () => {
  await folder?.remove();
});

const begin = (count: number): Children => {
  cluster.setupPrimary({ exec: join(folder.path, 'child.cjs'), args: [], execArgv: [] });
  const log = pino({}, { write: (line) => (told += line) });
  children = new Children(count, 'facade', log);
  return children;
};
const all = () => Object.values(cluster.workers ?? {}).flatMap((worker) => worker ?? []);

test('one that does not serve yet reads its files again when it does', async () => {
  const one = begin(1);
  const started = one.start();
  await until('it has begun', () => heard.includes('begun'));
  one.readAgain();
  for (const worker of all()) worker.send('serve');
  expect(await started).toBeUndefined();
  await until('it hears it', () => heard.some((said) => JSON.stringify(said) === '{"hups":1}'));
});

test('told to stop before the first one serves, it begins no others', async () => {
  const two = begin(2);
  const started = two.start();
  await until('it has begun', () => heard.includes('begun'));
  const stopped = two.stop();
  await until('it has drained', () => heard.some((said) => JSON.stringify(said).includes('port')));
  await until('none is left', () => all().length === 0, { withinMs: 20_000 });
  await Promise.all([stopped, started]);
  expect(heard.filter((said) => said === 'begun')).toHaveLength(1);
});

test('a process that cannot begin is no reason for those that serve to end', async () => {
  const one = begin(1);
  const started = one.start();
  await until('it has begun', () => heard.includes('begun'));
  for (const worker of all()) worker.send('serve');
  await started;
  cluster.setupPrimary({ cwd: join(folder.path, 'not-there') });
  const [first] = all();
  first?.process.kill('SIGKILL');
  if (first) await once(first, 'exit');
  heard.length = 0;
  await until('it is said', () => told.includes('a process cannot begin'));
  cluster.setupPrimary({ cwd: folder.path });
  await until('it has begun again', () => heard.includes('begun'), { withinMs: 20_000 });
});
