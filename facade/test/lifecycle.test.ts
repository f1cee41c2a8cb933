import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@strangler-toolkit/dev-stack';
import { WebSocket } from 'ws';
import { ask } from './support/client.ts';
import { startFacade } from './support/facade.ts';
import { type OddMonolith, startOddMonolith } from './support/odd-monolith.ts';

let monolith: OddMonolith;
beforeAll(async () => {
  monolith = await startOddMonolith();
});
afterAll(async () => {
  await monolith?.close();
});

describe('stopping', () => {
  test('readiness fails first, requests and WebSockets under way finish', async () => {
    const own = await startFacade({ contexts: [], monolithUrl: monolith.url });
    const socket = new WebSocket(`ws://127.0.0.1:${own.port}/ws`);
    await once(socket, 'open');
    const started = monolith.happened.uploads;
    const outgoing = http.request({
      host: '127.0.0.1',
      port: own.port,
      path: '/upload',
      method: 'POST',
      agent: false,
    });
    outgoing.write('a');
    await until('the upload is under way', () => monolith.happened.uploads > started);
    const stopped = own.stop({ deadlineMs: 5_000 });
    await until(
      'readiness fails',
      async () => (await ask(own.adminPort, '/health/ready')).status === 503,
    );
    await expect(ask(own.port, '/')).rejects.toThrow(/ECONNREFUSED/);
    socket.send('still here');
    expect(String((await once(socket, 'message'))[0])).toBe('echo still here');
    outgoing.end('b');
    const [answer] = (await once(outgoing, 'response')) as [http.IncomingMessage];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    socket.close();
    await stopped;
  });
  test('a client that never finishes its headers is cut off', async () => {
    const impatient = await startFacade({
      contexts: [],
      monolithUrl: monolith.url,
      limits: { headersMs: 200 },
    });
    const socket = net.connect(impatient.port, '127.0.0.1');
    try {
      socket.write('GET /length HTTP/1.1\r\nHost: x\r\nX-Slow');
      const closed = once(socket.resume(), 'close').then(() => true);
      expect(
        await Promise.race([
          closed,
          new Promise((resolve) => setTimeout(resolve, 5_000, 'still open').unref()),
        ]),
      ).toBe(true);
    } finally {
      socket.destroy();
      await impatient.stop();
    }
  });
  test("the operators' port is on loopback wherever clients are served, and elsewhere when told", async () => {
    const own = { contexts: [], monolithUrl: monolith.url, host: '127.0.0.2' };
    const reach = async (host: string, port: number): Promise<number | string> => {
      const asked = http.get({ host, port, path: '/health/live', agent: false });
      return once(asked, 'response').then(
        ([answer]) => (answer as http.IncomingMessage).resume().statusCode ?? 0,
        (error: NodeJS.ErrnoException) => error.code ?? 'failed',
      );
    };
    const alone = await startFacade(own);
    try {
      expect(await reach('127.0.0.2', alone.adminPort)).toBe('ECONNREFUSED');
      expect(await reach('127.0.0.1', alone.adminPort)).toBe(200);
    } finally {
      await alone.stop();
    }
    const open = await startFacade({ ...own, adminHost: '127.0.0.3' });
    try {
      expect(await reach('127.0.0.3', open.adminPort)).toBe(200);
      expect(await reach('127.0.0.1', open.adminPort)).toBe('ECONNREFUSED');
    } finally {
      await open.stop();
    }
  });
  test('a port in use is a clear error', async () => {
    await expect(
      startFacade({ contexts: [], monolithUrl: monolith.url, port: monolith.port }),
    ).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });
});
