import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  freePort,
  guardChild,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';
import { migrate, seed } from '../src/index.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('process');
  await migrate(database.url);
  await seed(database.url, { scale: 0.02 });
});
afterAll(() => database.drop());

function run(file: string, env: Record<string, string>) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`../src/${file}`, import.meta.url))],
    { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  guardChild(child);
  const output: string[] = [];
  const waiting: (() => void)[] = [];
  const add = (chunk: Buffer): void => {
    output.push(chunk.toString());
    waiting.splice(0).forEach((wake) => wake());
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines = (): { msg: string; port?: number; code?: string; remedy?: string }[] =>
    output
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  return {
    child,
    ended,
    lines,
    async line(msg: string) {
      for (;;) {
        const found = lines().find((entry) => entry.msg === msg);
        if (found) return found;
        const more = await Promise.race([
          new Promise<'more'>((resolve) => waiting.push(() => resolve('more'))),
          ended,
        ]);
        if (more !== 'more') throw new Error(`ended with ${more}: ${output.join('')}`);
      }
    },
  };
}

test('the server says where it listens, finishes what it began at SIGTERM and exits 0', async () => {
  const server = run('main.ts', { DATABASE_URL: database.url, PORT: '0' });
  const { port } = await server.line('listening');
  const feed = await fetch(`http://127.0.0.1:${port}/api/orders/feed`, {
    headers: { authorization: 'Bearer demo-token-1' },
  });
  expect((await fetch(`http://127.0.0.1:${port}/_test/states`, { method: 'POST' })).status).toBe(
    404,
  );
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  expect(await feed.text()).toContain('retry:');
});

test('without its database it says so, what to do, and exits 1', async () => {
  const server = run('main.ts', {
    DATABASE_URL: `postgresql://u:secret@127.0.0.1:${await freePort()}/shop`,
    PORT: '0',
  });
  expect(await server.ended).toBe(1);
  expect(server.lines()).toEqual([
    expect.objectContaining({
      msg: 'cannot start',
      code: 'ECONNREFUSED',
      remedy: expect.stringContaining('start PostgreSQL'),
    }),
  ]);
  expect(JSON.stringify(server.lines())).not.toContain('secret');
});

test('on a port in use it says so and exits 1, and the first server goes on', async () => {
  const first = run('main.ts', { DATABASE_URL: database.url, PORT: '0' });
  const { port } = await first.line('listening');
  const second = run('main.ts', { DATABASE_URL: database.url, PORT: String(port) });
  expect(await second.ended).toBe(1);
  expect(second.lines().at(-1)).toMatchObject({
    code: 'EADDRINUSE',
    remedy: expect.stringContaining('PORT'),
  });
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
});

test('an empty database, a missing or a wrong setting are named', async () => {
  const empty = await createTestDatabase('empty');
  const cases: [Record<string, string>, object][] = [
    [
      { DATABASE_URL: empty.url, PORT: '0' },
      { code: '42P01', remedy: expect.stringContaining('migrations') },
    ],
    [{}, { msg: 'DATABASE_URL is not set' }],
    [{ DATABASE_URL: database.url, PORT: 'http' }, { msg: 'PORT is http' }],
    [
      { DATABASE_URL: database.url, PORT: '0', PUBLIC_URL: 'shop.example' },
      { msg: 'PUBLIC_URL is shop.example', remedy: expect.stringContaining('http://') },
    ],
  ];
  for (const [env, expected] of cases) {
    const server = run('main.ts', env);
    expect(await server.ended).toBe(1);
    expect(server.lines().at(-1)).toMatchObject(expected);
  }
  await empty.drop();
});

test('the nightly job runs as a process of its own', async () => {
  const job = run('catalog/price-job.ts', { DATABASE_URL: database.url });
  expect(await job.ended).toBe(0);
  expect(job.lines()).toEqual([expect.objectContaining({ msg: 'prices marked down' })]);
});
