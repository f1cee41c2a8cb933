import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { Client, type Dispatcher } from 'undici';
import { Connections } from './connections.ts';
import { UndiciPools } from './undici-pools.ts';

interface Asked {
  readonly path: string;
  readonly socket: Socket;
  readonly response: ServerResponse;
}
let server: Server;
let asked: Asked[];
let connections: Connections;
let outcomes: Record<string, string>;
let address: string;

beforeEach(async () => {
  asked = [];
  outcomes = {};
  server = createServer(({ url: path = '', socket }, response) => {
    asked.push({ path, socket, response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  address = `http://127.0.0.1:${port}`;
  connections = new Connections(() => new Client(address), 2);
});
afterEach(async () => {
  connections.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function ask(path: string, gone = false, through = connections): Dispatcher.DispatchHandler {
  const told = outcomes;
  const handler: Dispatcher.DispatchHandler = {
    onConnect: (abort) => gone && abort(),
    onHeaders: () => true,
    onData: () => true,
    onComplete: () => void (told[path] = 'answered'),
    onError: () => void (told[path] = 'failed'),
  };
  through.dispatch({ path, method: 'POST', headers: [] }, handler);
  return handler;
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

  test('are left alone by what waited for one and is not wanted any more', async () => {
    for (const path of ['/1', '/2']) ask(path);
    const gone = ['/3', '/4'].map((path) => ask(path));
    ask('/5');
    await arrived(2);
    for (const handler of gone) connections.withdraw(handler);
    await answer('/1');
    await answer('/2');
    await arrived(3);
    expect(paths()[2]).toBe('/5');
    expect(new Set(asked.map(({ socket }) => socket)).size).toBe(2);
  });

  test('whose reset is found while a request waits for the look at them are replaced; also a write goes on, once', async () => {
    const pools = new UndiciPools({ connections: 1, connectMs: 2_000, headerBytes: 16_384 });
    const { pooled } = pools.for({ key: address, url: address });
    ask('/1', false, pooled);
    await arrived(1);
    await answer('/1');
    // behind the look of this turn, before the one in which the reset is read
    await new Promise((resolve) => setImmediate(resolve));
    asked[0]?.socket.resetAndDestroy();
    ask('/2', false, pooled);
    await until('it has arrived or failed', () =>
      Promise.resolve(asked.length > 1 || '/2' in outcomes || undefined),
    );
    await answer('/2');
    pools.destroy();
    expect(outcomes).toEqual({ '/1': 'answered', '/2': 'answered' });
    expect(paths()).toEqual(['/1', '/2']);
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
