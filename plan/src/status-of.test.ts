import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSilent, type Server } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { statusOf } from './status-of.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function listening(server: Server): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
}

test('brings the status, whatever it is', async () => {
  const asked: (string | undefined)[] = [];
  const address = await listening(
    createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(503).end('x'.repeat(100_000));
    }),
  );
  expect(await statusOf(address)).toBe(503);
  expect(asked).toEqual(['GET /health']);
});

test('who is not there is told by code', async () => {
  const server = createServer();
  const address = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(statusOf(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('who says nothing is given up', async () => {
  const silent = createSilent((socket) => socket.on('error', () => undefined).resume());
  await expect(statusOf(await listening(silent))).rejects.toThrow('no answer in time');
});
