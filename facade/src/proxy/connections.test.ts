import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { Client } from 'undici';
import { Connections } from './connections.ts';

interface Asked {
  readonly path: string;
  readonly socket: Socket;
  readonly response: ServerResponse;
}
let server: Server;
let asked: Asked[];
let connections: Connections;
let outcomes: Record<string, string>;

beforeEach(async () => {
  asked = [];
  outcomes = {};
  server = createServer(({ url: path = '', socket }, response) => {
    asked.push({ path, socket, response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  connections = new Connections(() => new Client(`http://127.0.0.1:${port}`), 2);
});
afterEach(async () => {
  connections.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function ask(path: string, gone = false): void {
  const told = outcomes;
  connections.dispatch(
    { path, method: 'GET', headers: [] },
    {
      onConnect: (abort) => gone && abort(),
      onHeaders: () => true,
      onData: () => true,
      onComplete: () => void (told[path] = 'answered'),
      onError: () => void (told[path] = 'failed'),
    },
  );
}
const paths = (): string[] => asked.map(({ path }) => path);
const arrived = (count: number): Promise<true | undefined> =>
  until(`${count} requests arrive`, () => Promise.resolve(asked.length >= count || undefined));
async function answer(path: string): Promise<void> {
  asked.find((one) => one.path === path)?.response.end('x');
  await until(`${path} is answered`, () => Promise.resolve(path in outcomes || undefined));
}

describe('connections to an upstream', () => {
  test('are as many as they may be; what finds none is sent when one is free, in its turn', async () => {
    for (const path of ['/1', '/2', '/3', '/4']) ask(path);
    await arrived(2);
    expect(paths().sort()).toEqual(['/1', '/2']);
    await answer('/2');
    await arrived(3);
    expect(paths()[2]).toBe('/3');
    await answer('/3');
    await arrived(4);
    expect(new Set(asked.map(({ socket }) => socket)).size).toBe(2);
  });

  test('are taken again, the one that came free last before all others', async () => {
    for (const path of ['/1', '/2']) ask(path);
    await arrived(2);
    await answer('/1');
    await answer('/2');
    for (const path of ['/3', '/4']) {
      ask(path);
      await until(path, () => Promise.resolve(paths().includes(path) || undefined));
      await answer(path);
    }
    const [second, ...later] = ['/2', '/3', '/4'].map(
      (path) => asked.find((one) => one.path === path)?.socket,
    );
    expect(later).toEqual([second, second]);
  });

  test('are not lost to requests that undici refuses or whose client is gone', async () => {
    for (const path of ['/a b', '/c d', '/e f']) ask(path);
    for (const path of ['/5', '/6', '/7']) ask(path, true);
    await until('all failed', () =>
      Promise.resolve(Object.keys(outcomes).length === 6 || undefined),
    );
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['failed']));
    for (const path of ['/8', '/9']) ask(path);
    await arrived(2);
    expect(paths().sort()).toEqual(['/8', '/9']);
  });

  test('that break off take nobody along but who was on them', async () => {
    for (const path of ['/1', '/2', '/3']) ask(path);
    await arrived(2);
    asked.find(({ path }) => path === '/1')?.socket.resetAndDestroy();
    await arrived(3);
    expect(outcomes).toEqual({ '/1': 'failed' });
  });

  test('that end with the facade let nobody wait', async () => {
    for (const path of ['/1', '/2', '/3']) ask(path);
    await arrived(2);
    connections.destroy();
    await until('all failed', () =>
      Promise.resolve(Object.keys(outcomes).length === 3 || undefined),
    );
  });
});
