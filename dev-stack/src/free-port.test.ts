import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePort } from './free-port.ts';

const outgoing = '/proc/sys/net/ipv4/ip_local_port_range';

test('ports of servers are not among those that the system gives to outgoing connections', async () => {
  const lowestOutgoing = existsSync(outgoing)
    ? Number(readFileSync(outgoing, 'utf8').split(/\s+/)[0])
    : 32_768;
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(ports.every((port) => port < lowestOutgoing && port >= 20_000)).toBe(true);
});

test('servers that ask at the same time are told different ports', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, freePort));
  expect(new Set(ports).size).toBe(20);
});

test('a port that somebody listens on is passed over', async () => {
  const first = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) =>
    server.listen(first + 1 <= 32_499 ? first + 1 : first, '127.0.0.1', resolve),
  );
  const ports = await Promise.all(Array.from({ length: 60 }, freePort));
  const taken = server.address();
  server.close();
  expect(ports).not.toContain(typeof taken === 'object' ? taken?.port : undefined);
});
