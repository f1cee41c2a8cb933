import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort } from '@strangler-toolkit/dev-stack';
import { WebSocket } from 'ws';
import { askRaw } from './support/client.ts';
import { itemsContext } from './support/contexts.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { type OddMonolith, startOddMonolith } from './support/odd-monolith.ts';

let monolith: OddMonolith;
let facade: RunningFacade;

beforeAll(async () => {
  monolith = await startOddMonolith();
  const dead = `http://127.0.0.1:${await freePort()}`;
  facade = await startFacade({
    contexts: [
      itemsContext('none', dead, dead, {
        routes: [{ name: 'ws', method: 'GET', path: '/dead-ws', kind: 'read' }],
        monolith: { url: dead },
      }),
    ],
    monolithUrl: monolith.url,
  });
});
afterAll(async () => {
  await facade?.stop();
  await monolith?.close();
});

const handshake = (path: string, more: readonly string[] = []): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
    '',
    '',
  ].join('\r\n');

describe('WebSockets', () => {
  test('pass both ways', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${facade.port}/ws`);
    await once(socket, 'open');
    socket.send('hi');
    const [data] = await once(socket, 'message');
    expect(String(data)).toBe('echo hi');
    socket.close();
    await once(socket, 'close');
  });
  test('to a dead upstream get a status', async () => {
    const text = await askRaw(facade.port, handshake('/dead-ws'));
    expect(text).toMatch(/^HTTP\/1.1 502 Bad Gateway\r\n/);
    expect(text).toContain('application/problem+json');
  });
  test('other upgrades are ordinary requests', async () => {
    const text = await askRaw(
      facade.port,
      'GET /h2c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1.1 200 OK/);
    expect(text).not.toContain('http2-settings');
  });
  test.each([
    ['PATH_REFUSED', '400 Bad Request', handshake('/dead-ws%2f')],
    [
      'TRANSFER_ENCODING',
      '501 Not Implemented',
      handshake('/ws', ['Transfer-Encoding: gzip, chunked']),
    ],
  ])('are refused with %s like requests: a problem, counted', async (code, status, text) => {
    const counted = () => facade.metric(new RegExp(`^facade_rejected_total\\{code="${code}"`));
    const before = await counted();
    const answer = await askRaw(facade.port, text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
    expect(answer).toContain(`"code":"${code}"`);
    expect(await counted()).toBe(before + 1);
  });
});
