import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  freePort,
  guardChild,
  type TestDatabase,
} from '@strangler-toolkit/dev-stack';

const entry = fileURLToPath(new URL('./fixtures/service.ts', import.meta.url));
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase('kit');
});
afterAll(async () => {
  await database.drop();
});

const run = (
  env: Record<string, string>,
  onLine: (line: Record<string, unknown>, kill: () => void) => void = () => undefined,
): Promise<{ code: number | null; stderr: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=strangler-source', entry], {
      env: { ...process.env, PORT: '0', DATABASE_URL: database.url, ...env },
    });
    guardChild(child);
    let stderr = '';
    let pending = '';
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    child.stdout.on('data', (data: Buffer) => {
      const parts = (pending + data.toString()).split('\n');
      pending = parts.pop() ?? '';
      for (const part of parts)
        onLine(JSON.parse(part) as Record<string, unknown>, () => child.kill('SIGTERM'));
    });
    child.once('close', (code) => resolve({ code, stderr }));
  });

test('a service starts, and SIGTERM ends it with exit code 0', async () => {
  const messages: unknown[] = [];
  const { code } = await run({}, (line, kill) => {
    messages.push(line.msg);
    if (line.msg === 'listening') kill();
  });
  expect(messages).toEqual(['listening', 'stopping', 'stopped']);
  expect(code).toBe(0);
});

test('a port in use ends it with a clear message and exit code 1', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const { port } = blocker.address() as { port: number };
  const { code, stderr } = await run({ PORT: String(port) });
  await new Promise((resolve) => blocker.close(resolve));
  expect(code).toBe(1);
  expect(stderr).toContain(`PORT_IN_USE: Port ${port} on 127.0.0.1 is in use`);
});

test.each([
  [
    'a server that is not there',
    async () => `postgres://u:hidden@127.0.0.1:${await freePort()}/x`,
    'DB_UNREACHABLE',
  ],
  [
    'a database that does not exist',
    () => {
      const url = new URL(database.url);
      url.pathname = '/no_such_database';
      return url.href;
    },
    'DB_MISSING',
  ],
  ['a URL that is none', () => '::::', 'CONFIG_INVALID'],
])('%s ends it with a clear message and exit code 1', async (_title, url, expected) => {
  const { code, stderr } = await run({ DATABASE_URL: await url() });
  expect(code).toBe(1);
  expect(stderr).toContain(`${expected}: Database`);
  expect(stderr).not.toContain('hidden');
});

test('a missing variable ends it by name', async () => {
  const { code, stderr } = await run({ DATABASE_URL: '' });
  expect(code).toBe(1);
  expect(stderr).toContain('CONFIG_ENV_MISSING: The environment variable DATABASE_URL is not set');
});
